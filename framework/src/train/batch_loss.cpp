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

BatchPlace placed(const BatchPlace& place, const Indices& samples) {
  return {.epoch = place.epoch, .step = place.step, .samples = samples};
}

/// The losses of `logits` towards `labels`, summed, after their backward pass.
BatchSums backward(const Head& head, const TrainingHooks& hooks, const at::Tensor& logits,
                   const at::Tensor& labels, double divisor, const BatchPlace& place) {
  const at::Tensor targets = labels.to(logits.device());
  const at::Tensor losses =
      hooks.losses ? hooks.losses(logits, targets, place) : head.losses(logits, targets);
  const at::Tensor loss = losses.sum();
  (loss / divisor).backward();
  const at::Tensor answers = head.log_probabilities(logits.detach()).argmax(1);
  return {.loss = loss.item<double>(), .right = answers.eq(targets).sum().item<std::int64_t>()};
}

/// The penalty of a batch, summed, after its backward pass.
double penalise(CodeModel& model, const TrainingHooks& hooks, const Batch& rows,
                const at::Tensor& labels, double divisor) {
  if (!hooks.penalty) {
    return 0;
  }
  const at::Tensor penalty = hooks.penalty(model, rows, labels.to(model.encoder().device())).sum();
  (penalty / divisor).backward();
  return penalty.item<double>();
}

/// In-batch negatives need the vectors of the whole batch at once.
BatchLoss search_loss(CodeModel& model, const std::vector<TokenSample>& samples,
                      const TrainingHooks& hooks, Progress& progress) {
  return [&](const Indices& batch, double divisor, const BatchPlace& place) {
    std::vector<at::Tensor> vectors;
    double penalty = 0;
    const std::int64_t most = tokens_per_pass(model.encoder().device());
    for (const Indices& piece : micro_batches(samples, batch, most)) {
      progress.check();
      const Batch rows = make_batch(samples, piece, model.tokenizer().special().pad);
      vectors.push_back(model.vectors(rows, true));
      penalty += penalise(model, hooks, rows, labels_of(samples, piece), divisor);
      model.work().backward_rows += rows.ids.size(0);
    }
    const at::Tensor logits = model.head().logits(at::cat(vectors), true);
    BatchSums sums =
        backward(model.head(), hooks, logits, at::arange(static_cast<std::int64_t>(batch.size())),
                 divisor, placed(place, batch));
    sums.loss += penalty;
    return sums;
  };
}

BatchLoss whole_model_loss(CodeModel& model, const std::vector<TokenSample>& samples,
                           const TrainingHooks& hooks, Progress& progress) {
  return [&](const Indices& batch, double divisor, const BatchPlace& place) {
    BatchSums total;
    const std::int64_t most = tokens_per_pass(model.encoder().device());
    for (const Indices& piece : micro_batches(samples, batch, most)) {
      progress.check();
      const Batch rows = make_batch(samples, piece, model.tokenizer().special().pad);
      const at::Tensor labels = labels_of(samples, piece);
      const BatchSums sums = backward(model.head(), hooks, model.logits(rows, true), labels,
                                      divisor, placed(place, piece));
      model.work().backward_rows += rows.ids.size(0);
      total.loss += sums.loss + penalise(model, hooks, rows, labels, divisor);
      total.right += sums.right;
    }
    return total;
  };
}

/// The encoder stays as it is, so each sample's vectors are computed once, without dropout.
BatchLoss head_loss(CodeModel& model, const std::vector<TokenSample>& samples,
                    const TrainingHooks& hooks, Progress& progress) {
  const at::Tensor vectors = model.sentence_vectors(samples, progress);
  return [&, vectors](const Indices& batch, double divisor, const BatchPlace& place) {
    const std::vector<std::int64_t> rows(batch.begin(), batch.end());
    const at::Tensor chosen =
        vectors.index_select(0, at::tensor(rows)).to(model.encoder().device());
    return backward(model.head(), hooks, model.head().logits(chosen, true),
                    labels_of(samples, batch), divisor, placed(place, batch));
  };
}

}  // namespace

BatchLoss make_batch_loss(CodeModel& model, const std::vector<TokenSample>& samples, bool head_only,
                          const TrainingHooks& hooks, Progress& progress) {
  if (model.head().shape().kind == HeadKind::similarity) {
    return search_loss(model, samples, hooks, progress);
  }
  return head_only ? head_loss(model, samples, hooks, progress)
                   : whole_model_loss(model, samples, hooks, progress);
}

}  // namespace ncmlab
