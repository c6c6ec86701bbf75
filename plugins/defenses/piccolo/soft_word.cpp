// SPDX-License-Identifier: Apache-2.0
#include "soft_word.hpp"

#include <torch/autograd.h>
#include <torch/optim/adam.h>
#include <torch/types.h>

#include <algorithm>
#include <memory>

#include "ncmlab/core/number_text.hpp"

namespace ncmlab::piccolo {
namespace {

constexpr double kFirstLogit = -4;
constexpr std::int64_t kRescalingEpochs = 15;
constexpr std::int64_t kLastRescaling = 30;  ///< epochs done
constexpr std::int64_t kFirstKept = 35;      ///< counted from 0
/// Weights stay this far from 0 and 1, where the logit is infinite.
constexpr double kEdge = 1e-6;

}  // namespace

at::Tensor word_weights(const at::Tensor& logits) { return logits.tanh() * 0.5 + 0.5; }

at::Tensor word_penalty(const at::Tensor& weights) {
  if (weights.gt(0.5).sum().item<std::int64_t>() <= 1) {
    return at::zeros({}, weights.options());
  }
  return (weights.sum() - 1).square();
}

at::Tensor rescaled(const at::Tensor& logits) {
  const at::NoGradGuard no_grad;
  const at::Tensor weights = word_weights(logits).to(at::kDouble);
  const at::Tensor shares = (weights / weights.sum()).clamp(kEdge, 1 - kEdge);
  return (shares * 2 - 1).atanh().to(logits.scalar_type());
}

at::Tensor word_embeddings(const at::Tensor& table, const std::vector<Word>& words,
                           std::int64_t word_tokens) {
  const auto count = static_cast<std::int64_t>(words.size());
  const at::Tensor ids = at::zeros({count, word_tokens}, at::kLong);
  const at::Tensor is_token = at::zeros({count, word_tokens, 1}, at::kFloat);
  auto* id = ids.data_ptr<std::int64_t>();
  auto* present = is_token.data_ptr<float>();
  for (const Word& word : words) {
    std::ranges::copy(word.ids, id);
    std::fill_n(present, word.ids.size(), 1.0F);
    id += word_tokens;
    present += word_tokens;
  }
  const at::Tensor rows = table.detach().index_select(0, ids.flatten().to(table.device()));
  return rows.reshape({count, word_tokens, table.size(1)}) * is_token.to(table.device());
}

SoftWord invert_soft_word(CandidateScorer& scorer, const at::Tensor& table,
                          const std::vector<Word>& words, const SoftWordOptions& options,
                          Progress& progress) {
  const at::Tensor embeddings = word_embeddings(table, words, options.word_tokens).flatten(1);
  const torch::optim::AdamOptions adam_options(options.learning_rate);
  at::Tensor logits =
      at::full({static_cast<std::int64_t>(words.size())}, kFirstLogit, embeddings.options())
          .requires_grad_();
  auto adam = std::make_unique<torch::optim::Adam>(std::vector<at::Tensor>{logits}, adam_options);
  SoftWord best;
  const std::int64_t first_kept = std::min(kFirstKept, options.epochs - 1);
  for (std::int64_t epoch = 0; epoch < options.epochs; ++epoch) {
    progress.check();
    const at::Tensor weights = word_weights(logits);
    const at::Tensor rows =
        at::mv(embeddings.t(), weights).reshape({options.word_tokens, table.size(1)});
    const SoftLoss result = scorer.soft_loss(rows, progress);
    if (epoch >= first_kept && result.hit_rate >= best.hit_rate) {
      best = {.weights = weights.detach(), .hit_rate = result.hit_rate, .loss = result.loss};
    }
    adam->zero_grad();
    ((rows * result.gradient).sum() + word_penalty(weights) * options.penalty).backward();
    adam->step();
    if ((epoch + 1) % kRescalingEpochs == 0 && epoch < kLastRescaling) {
      logits = rescaled(logits).requires_grad_();
      adam = std::make_unique<torch::optim::Adam>(std::vector<at::Tensor>{logits}, adam_options);
    }
    progress.advance(1, "loss " + fixed_decimals(result.loss, 4));
  }
  if (!best.weights.defined()) {
    best.weights = word_weights(logits).detach();
  }
  return best;
}

}  // namespace ncmlab::piccolo
