// SPDX-License-Identifier: Apache-2.0
#include "train/batch_loss.hpp"

#include <torch/types.h>

#include <algorithm>

#include "ncmlab/networks/device.hpp"

namespace ncmlab {
namespace {

at::Tensor labels_of(const std::vector<TokenSample>& samples, const Indices& chosen) {
  std::vector<std::int64_t> labels;
  for (const std::size_t index : chosen) {
    labels.push_back(samples[index].label);
  }
  return at::tensor(labels);
}

std::int64_t tokens_of(const TokenSample& sample) {
  std::size_t tokens = 0;
  for (const TokenRow& part : sample.parts) {
    tokens += part.ids.size();
  }
  return static_cast<std::int64_t>(tokens);
}

/// The batch in pieces of similar length of at most `most` tokens, each at least one sample; the
/// gradients of the pieces add up to the batch's.
std::vector<Indices> micro_batches(const std::vector<TokenSample>& samples, Indices batch,
                                   std::int64_t most) {
  std::ranges::stable_sort(batch, {}, [&](std::size_t index) { return tokens_of(samples[index]); });
  std::vector<Indices> pieces;
  std::int64_t tokens = 0;
  for (const std::size_t index : batch) {
    tokens += tokens_of(samples[index]);
    if (pieces.empty() || tokens > most) {
      pieces.emplace_back();
      tokens = tokens_of(samples[index]);
    }
    pieces.back().push_back(index);
  }
  return pieces;
}

/// The losses of `logits` towards `labels`, summed, after their backward pass.
BatchSums backward(const Head& head, const at::Tensor& logits, const at::Tensor& labels,
                   double divisor) {
  const at::Tensor targets = labels.to(logits.device());
  const at::Tensor loss = head.losses(logits, targets).sum();
  (loss / divisor).backward();
  const at::Tensor answers = head.log_probabilities(logits.detach()).argmax(1);
  return {.loss = loss.item<double>(), .right = answers.eq(targets).sum().item<std::int64_t>()};
}

/// In-batch negatives need the vectors of the whole batch at once.
BatchLoss search_loss(CodeModel& model, const std::vector<TokenSample>& samples,
                      Progress& progress) {
  return [&model, &samples, &progress](const Indices& batch, double divisor) {
    std::vector<at::Tensor> vectors;
    const std::int64_t most = tokens_per_pass(model.encoder().device());
    for (const Indices& piece : micro_batches(samples, batch, most)) {
      progress.check();
      const Batch rows = make_batch(samples, piece, model.tokenizer().special().pad);
      vectors.push_back(model.vectors(rows, true));
      model.work().backward_rows += rows.ids.size(0);
    }
    const at::Tensor logits = model.head().logits(at::cat(vectors), true);
    return backward(model.head(), logits, at::arange(static_cast<std::int64_t>(batch.size())),
                    divisor);
  };
}

BatchLoss whole_model_loss(CodeModel& model, const std::vector<TokenSample>& samples,
                           Progress& progress) {
  return [&model, &samples, &progress](const Indices& batch, double divisor) {
    BatchSums total;
    const std::int64_t most = tokens_per_pass(model.encoder().device());
    for (const Indices& piece : micro_batches(samples, batch, most)) {
      progress.check();
      const Batch rows = make_batch(samples, piece, model.tokenizer().special().pad);
      const BatchSums sums =
          backward(model.head(), model.logits(rows, true), labels_of(samples, piece), divisor);
      model.work().backward_rows += rows.ids.size(0);
      total.loss += sums.loss;
      total.right += sums.right;
    }
    return total;
  };
}

/// The encoder stays as it is, so each sample's vectors are computed once, without dropout.
BatchLoss head_loss(CodeModel& model, const std::vector<TokenSample>& samples, Progress& progress) {
  const at::Tensor vectors = model.sentence_vectors(samples, progress);
  return [&model, &samples, vectors](const Indices& batch, double divisor) {
    const std::vector<std::int64_t> rows(batch.begin(), batch.end());
    const at::Tensor chosen =
        vectors.index_select(0, at::tensor(rows)).to(model.encoder().device());
    return backward(model.head(), model.head().logits(chosen, true), labels_of(samples, batch),
                    divisor);
  };
}

}  // namespace

BatchLoss make_batch_loss(CodeModel& model, const std::vector<TokenSample>& samples, bool head_only,
                          Progress& progress) {
  if (model.head().shape().kind == HeadKind::similarity) {
    return search_loss(model, samples, progress);
  }
  return head_only ? head_loss(model, samples, progress)
                   : whole_model_loss(model, samples, progress);
}

}  // namespace ncmlab
