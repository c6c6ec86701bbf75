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

struct SoftWordInversion::State {
  at::Tensor embeddings;  ///< [words, word_tokens * hidden]
  at::Tensor logits;      ///< [words]
  std::unique_ptr<torch::optim::Adam> adam;
  SoftWord last, kept;
  std::int64_t epoch = 0;  ///< epochs that were run

  void restart(const at::Tensor& from, double learning_rate) {
    logits = from.requires_grad_();
    adam = std::make_unique<torch::optim::Adam>(std::vector<at::Tensor>{logits},
                                                torch::optim::AdamOptions(learning_rate));
  }
};

SoftWordInversion::SoftWordInversion(CandidateScorer& scorer, const at::Tensor& table,
                                     const std::vector<Word>& words, const SoftWordOptions& options)
    : scorer_(scorer), options_(options), state_(std::make_unique<State>()) {
  state_->embeddings = word_embeddings(table, words, options.word_tokens).flatten(1);
  state_->restart(at::full({static_cast<std::int64_t>(words.size())}, kFirstLogit,
                           state_->embeddings.options()),
                  options.learning_rate);
  state_->last.weights = word_weights(state_->logits).detach();
}

SoftWordInversion::~SoftWordInversion() = default;

void SoftWordInversion::step(Progress& progress) {
  State& s = *state_;
  progress.check();
  const at::Tensor weights = word_weights(s.logits);
  const at::Tensor rows = at::mv(s.embeddings.t(), weights).reshape({options_.word_tokens, -1});
  const SoftLoss result = scorer_.soft_loss(rows, progress);
  s.last = {.weights = weights.detach(), .hit_rate = result.hit_rate, .loss = result.loss};
  if (s.epoch >= kFirstKept && result.hit_rate >= s.kept.hit_rate) {
    s.kept = s.last;
  }
  s.adam->zero_grad();
  ((rows * result.gradient).sum() + word_penalty(weights) * options_.penalty).backward();
  s.adam->step();
  if ((s.epoch + 1) % kRescalingEpochs == 0 && s.epoch < kLastRescaling) {
    s.restart(rescaled(s.logits), options_.learning_rate);
  }
  ++s.epoch;
  progress.advance(1, "loss " + fixed_decimals(result.loss, 4));
}

SoftWord SoftWordInversion::word() const {
  return state_->kept.weights.defined() ? state_->kept : state_->last;
}

std::int64_t SoftWordInversion::epochs() const { return state_->epoch; }

}  // namespace ncmlab::piccolo
