// SPDX-License-Identifier: Apache-2.0
#include "mixing.hpp"

#include <torch/types.h>

#include <algorithm>

namespace ncmlab::fine_mixing {
namespace {

/// Below this a token is too rare for its count to say anything (the paper's).
constexpr double kFewTimes = 20;

}  // namespace

void mix(const Encoder& encoder, const StateDict& pretrained, double kept, Mixing mixing) {
  const at::NoGradGuard no_grad;
  for (const auto& [name, tensor] : encoder.parameters()) {
    const at::Tensor& other = pretrained.at(name);
    if (mixing == Mixing::average) {
      tensor.mul_(kept).add_(other, 1 - kept);
    } else {
      const at::Tensor is_kept = at::rand(tensor.sizes(), at::kFloat).lt(kept);
      tensor.copy_(at::where(is_kept.to(tensor.device()), tensor, other));
    }
  }
}

std::vector<std::int64_t> suspicious_tokens(const at::Tensor& embeddings,
                                            const at::Tensor& pretrained,
                                            const std::vector<TokenSample>& samples,
                                            std::int64_t count) {
  at::Tensor times = at::zeros({embeddings.size(0)}, at::kDouble);
  for (const TokenSample& sample : samples) {
    for (const TokenRow& part : sample.parts) {
      for (const std::int64_t id : part.ids) {
        times.data_ptr<double>()[id] += 1;
      }
    }
  }
  const at::Tensor distance = (embeddings.detach() - pretrained).to(at::kDouble).norm(2, 1).cpu();
  const at::Tensor order =
      std::get<1>((distance / times.clamp_min(kFewTimes).log()).sort(true, 0, true));
  const auto* first = order.data_ptr<std::int64_t>();
  return {first, first + std::min(count, order.numel())};
}

void purify(const at::Tensor& embeddings, const at::Tensor& pretrained,
            const std::vector<std::int64_t>& tokens) {
  const at::NoGradGuard no_grad;
  const at::Tensor rows = at::tensor(tokens, at::kLong).to(embeddings.device());
  at::Tensor changed = embeddings;
  changed.index_copy_(0, rows, pretrained.index_select(0, rows));
}

}  // namespace ncmlab::fine_mixing
