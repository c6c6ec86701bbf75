// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/train/trainer.hpp"

#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <numeric>

#include "ncmlab/core/diagnostic.hpp"

namespace ncmlab {
namespace {

/// Tokens whose activations are held at a time, so that they stay in the cache. A batch with more
/// is split; its gradients add up to the same.
constexpr std::int64_t kMicroBatchTokens = 2048;

using Indices = std::vector<std::size_t>;

at::Tensor labels_of(const std::vector<TokenSample>& samples, const Indices& chosen) {
  std::vector<std::int64_t> labels;
  for (const std::size_t index : chosen) {
    labels.push_back(samples[index].label);
  }
  return at::tensor(labels);
}

/// Computes the loss of a batch and adds its gradients; returns the sum over the samples.
using BatchLoss = std::function<double(const Indices& batch)>;

std::int64_t tokens_of(const TokenSample& sample) {
  std::size_t tokens = 0;
  for (const TokenRow& part : sample.parts) {
    tokens += part.ids.size();
  }
  return static_cast<std::int64_t>(tokens);
}

/// The batch in pieces of similar length of at most kMicroBatchTokens, each at least one sample.
std::vector<Indices> micro_batches(const std::vector<TokenSample>& samples, Indices batch) {
  std::ranges::stable_sort(batch, {}, [&](std::size_t index) { return tokens_of(samples[index]); });
  std::vector<Indices> pieces;
  std::int64_t tokens = 0;
  for (const std::size_t index : batch) {
    tokens += tokens_of(samples[index]);
    if (pieces.empty() || tokens > kMicroBatchTokens) {
      pieces.emplace_back();
      tokens = tokens_of(samples[index]);
    }
    pieces.back().push_back(index);
  }
  return pieces;
}

/// In-batch negatives need the vectors of the whole batch at once.
BatchLoss search_loss(Victim& victim, const std::vector<TokenSample>& samples, Progress& progress) {
  return [&victim, &samples, &progress](const Indices& batch) {
    std::vector<at::Tensor> vectors;
    for (const Indices& piece : micro_batches(samples, batch)) {
      progress.check();
      const Batch rows = make_batch(samples, piece, victim.tokenizer().special().pad);
      vectors.push_back(victim.vectors(rows, true));
      victim.work().backward_rows += rows.ids.size(0);
    }
    const auto count = static_cast<std::int64_t>(batch.size());
    const at::Tensor logits = victim.head().logits(at::cat(vectors), true);
    const at::Tensor loss = victim.head().losses(logits, at::arange(count)).sum();
    (loss / static_cast<double>(count)).backward();
    return loss.item<double>();
  };
}

BatchLoss whole_model_loss(Victim& victim, const std::vector<TokenSample>& samples,
                           Progress& progress) {
  return [&victim, &samples, &progress](const Indices& batch) {
    double total = 0;
    for (const Indices& piece : micro_batches(samples, batch)) {
      progress.check();
      const Batch rows = make_batch(samples, piece, victim.tokenizer().special().pad);
      const at::Tensor loss =
          victim.head().losses(victim.logits(rows, true), labels_of(samples, piece)).sum();
      (loss / static_cast<double>(batch.size())).backward();
      victim.work().backward_rows += rows.ids.size(0);
      total += loss.item<double>();
    }
    return total;
  };
}

/// The encoder stays as it is, so each sample's vectors are computed once, without dropout.
BatchLoss head_loss(Victim& victim, const std::vector<TokenSample>& samples, Progress& progress) {
  const at::Tensor vectors = victim.sentence_vectors(samples, progress);
  return [&victim, &samples, vectors](const Indices& batch) {
    const std::vector<std::int64_t> rows(batch.begin(), batch.end());
    const Head& head = victim.head();
    const at::Tensor logits = head.logits(vectors.index_select(0, at::tensor(rows)), true);
    const at::Tensor loss = head.losses(logits, labels_of(samples, batch)).sum();
    (loss / static_cast<double>(batch.size())).backward();
    return loss.item<double>();
  };
}

std::string loss_text(double loss) {
  char text[32];
  std::snprintf(text, sizeof text, "loss %.4f", loss);
  return text;
}

BatchLoss batch_loss_of(Victim& victim, const std::vector<TokenSample>& samples,
                        const TrainingOptions& options, Progress& progress) {
  if (victim.head().shape().kind == HeadKind::similarity) {
    return search_loss(victim, samples, progress);
  }
  return options.head_only ? head_loss(victim, samples, progress)
                           : whole_model_loss(victim, samples, progress);
}

void check_labels(const Victim& victim, const std::vector<TokenSample>& samples) {
  if (victim.head().shape().kind == HeadKind::similarity) {
    return;
  }
  for (const TokenSample& sample : samples) {
    if (sample.label < 0 || sample.label >= victim.classes()) {
      throw Error("train.bad-label", "a sample has the label " + std::to_string(sample.label) +
                                         ", but the model knows 0 to " +
                                         std::to_string(victim.classes() - 1));
    }
  }
}

}  // namespace

std::vector<EpochRecord> train(Victim& victim, const std::vector<TokenSample>& samples,
                               const TrainingOptions& options, Rng rng, Progress& progress,
                               const std::function<double(Victim&)>& evaluate) {
  check_labels(victim, samples);
  if (options.head_only && victim.head().parameters().empty()) {
    throw Error("train.no-head", "the model's head has no parameters that could be trained alone",
                {"train all parameters"});
  }
  const auto count = static_cast<std::int64_t>(samples.size());
  const std::int64_t batch_size = std::max<std::int64_t>(options.batch_size, 1);
  const std::int64_t steps = (count + batch_size - 1) / batch_size * options.epochs;
  Optimizer optimizer(options.head_only ? victim.head().parameters() : victim.parameters(), options,
                      static_cast<std::int64_t>(options.warmup * static_cast<double>(steps)),
                      steps);
  torch::manual_seed(rng.stream("dropout").seed());
  const BatchLoss batch_loss = batch_loss_of(victim, samples, options, progress);
  std::vector<EpochRecord> records;
  progress.begin("training", steps);
  for (std::int64_t epoch = 0; epoch < options.epochs; ++epoch) {
    Indices order(samples.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    rng.stream("order", static_cast<std::uint64_t>(epoch)).shuffle(order);
    double total = 0;
    for (std::int64_t begin = 0; begin < count; begin += batch_size) {
      progress.check();
      const std::int64_t end = std::min(count, begin + batch_size);
      optimizer.zero_grad();
      const double loss = batch_loss(Indices(order.begin() + begin, order.begin() + end));
      const double norm = optimizer.step();
      if (!std::isfinite(loss) || !std::isfinite(norm)) {
        throw Error("train.diverged",
                    "the loss or its gradient is not finite in epoch " + std::to_string(epoch + 1),
                    {"lower `learning_rate`"});
      }
      total += loss;
      progress.advance(1, loss_text(loss / static_cast<double>(end - begin)));
    }
    EpochRecord record{.loss = total / static_cast<double>(std::max<std::int64_t>(count, 1))};
    if (evaluate) {
      record.validation_metric = evaluate(victim);
    }
    records.push_back(record);
  }
  optimizer.zero_grad();
  return records;
}

}  // namespace ncmlab
