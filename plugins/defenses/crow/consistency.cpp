// SPDX-License-Identifier: Apache-2.0
#include "consistency.hpp"

#include <torch/autograd.h>
#include <torch/types.h>

#include <vector>

namespace ncmlab::crow {
namespace {

/// Which of the padded places of a batch hold tokens, and whose.
struct Tokens {
  at::Tensor places;  ///< [tokens], row * length + column
  at::Tensor rows;    ///< [tokens]
};

Tokens tokens_of(const Batch& batch, at::Device device) {
  const std::int64_t length = batch.ids.size(1);
  const at::Tensor is_token = at::arange(length).unsqueeze(0).lt(batch.lengths.unsqueeze(1));
  const at::Tensor places = is_token.flatten().nonzero().squeeze(1);
  return {.places = places.to(device), .rows = places.div(length, "floor").to(device)};
}

/// 1 - cosine of each pair of layers that follow each other, [tokens] each.
std::vector<at::Tensor> turns(const std::vector<at::Tensor>& states, const Tokens& tokens) {
  std::vector<at::Tensor> result;
  const std::size_t first = states.size() > 2 ? 1 : 0;
  at::Tensor before;
  for (std::size_t layer = first; layer < states.size(); ++layer) {
    const at::Tensor after = states[layer].flatten(0, 1).index_select(0, tokens.places);
    if (before.defined()) {
      result.push_back(1 - at::cosine_similarity(before, after, 1));
    }
    before = after;
  }
  return result;
}

}  // namespace

at::Tensor inconsistency(Encoder& encoder, const Batch& batch) {
  const Tokens tokens = tokens_of(batch, encoder.device());
  std::vector<at::Tensor> all = turns(encoder.hidden_states(batch), tokens);
  for (at::Tensor& turn : turns(encoder.decoder_hidden_states(batch), tokens)) {
    all.push_back(std::move(turn));
  }
  const at::Tensor of_tokens = at::stack(all).mean(0);
  return at::zeros({batch.ids.size(0)}, of_tokens.options()).index_add(0, tokens.rows, of_tokens) /
         batch.lengths.to(of_tokens.device());
}

Batch perturbed(Encoder& encoder, const Batch& batch, double step) {
  const at::Tensor own = at::embedding(encoder.embedding_table(), batch.ids.to(encoder.device()));
  Batch moved = batch;
  moved.embeddings = own.detach().requires_grad_();
  const at::Tensor uphill =
      torch::autograd::grad({inconsistency(encoder, moved).sum()}, {moved.embeddings}).front();
  moved.embeddings = own + step * uphill.sign();
  return moved;
}

}  // namespace ncmlab::crow
