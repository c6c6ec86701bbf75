// SPDX-License-Identifier: Apache-2.0
#include "soft_trigger.hpp"

#include <torch/autograd.h>
#include <torch/optim/adam.h>
#include <torch/types.h>

#include <algorithm>
#include <iterator>
#include <limits>
#include <string>
#include <utility>

#include "ncmlab/core/number_text.hpp"

namespace ncmlab::dbs {
namespace {

/// The likeliest token at each place.
TriggerIds likeliest(const at::Tensor& weights, const std::vector<std::int64_t>& vocabulary) {
  const at::Tensor columns = weights.argmax(1).cpu().contiguous();
  const auto* column = columns.data_ptr<std::int64_t>();
  TriggerIds ids;
  for (std::int64_t i = 0; i < weights.size(0); ++i) {
    ids.push_back(vocabulary[static_cast<std::size_t>(column[i])]);
  }
  return ids;
}

/// Uniform in [0, scale), drawn on the CPU so that every device gets the same.
at::Tensor drawn_noise(const at::Tensor& like, double scale, Rng& rng) {
  at::Tensor noise = at::empty(like.sizes(), at::kFloat);
  auto* value = noise.data_ptr<float>();
  for (std::int64_t i = 0; i < noise.numel(); ++i) {
    value[i] = static_cast<float>(scale * rng.uniform());
  }
  return noise.to(like.device());
}

void halve_rate(torch::optim::Adam& adam) {
  auto& options = static_cast<torch::optim::AdamOptions&>(adam.param_groups().front().options());
  options.lr(options.lr() / 2);
}

/// The tokens that any place may have, ascending.
std::vector<std::int64_t> union_of(const TriggerAlphabet& alphabet) {
  std::vector<std::int64_t> all;
  std::ranges::set_union(alphabet.first, alphabet.later, std::back_inserter(all));
  return all;
}

/// [trigger length, tokens]: 0 where a place may have a token, else minus infinity.
at::Tensor barred(const TriggerAlphabet& alphabet, const std::vector<std::int64_t>& tokens,
                  std::int64_t trigger_length) {
  const at::Tensor result =
      at::zeros({trigger_length, static_cast<std::int64_t>(tokens.size())}, at::kFloat);
  auto* value = result.data_ptr<float>();
  for (std::int64_t place = 0; place < trigger_length; ++place) {
    for (const std::int64_t token : tokens) {
      if (!std::ranges::binary_search(alphabet.of(static_cast<std::size_t>(place)), token)) {
        *value = -std::numeric_limits<float>::infinity();
      }
      ++value;
    }
  }
  return result;
}

}  // namespace

at::Tensor token_weights(const at::Tensor& logits, double temperature, const at::Tensor& noise) {
  const at::Tensor scaled = logits / temperature;
  return (noise.defined() ? scaled + noise : scaled).softmax(-1);
}

struct SoftTrigger::State {
  std::vector<std::int64_t> vocabulary;
  at::Tensor words;   ///< their embeddings, [tokens, hidden]
  at::Tensor barred;  ///< [trigger length, tokens]
  at::Tensor logits;  ///< likewise
  std::unique_ptr<torch::optim::Adam> adam;
  DynamicBound bound;
  Rng noise;
  std::int64_t epoch = 0;           ///< epochs that were run
  std::vector<TriggerIds> one_hot;  ///< that were the best, the last one last
  TriggerIds mixed;                 ///< of the lowest loss while there was none of those
  double soft_loss = 0;             ///< of the mixtures behind the last of the above
};

SoftTrigger::SoftTrigger(const SearchContext& context, const TriggerAlphabet& alphabet,
                         const SoftTriggerOptions& options)
    : context_(context), options_(options) {
  const at::Tensor table = context.victim.encoder().embedding_table().detach();
  const std::vector<std::int64_t> vocabulary = union_of(alphabet);
  const at::Tensor words = table.index_select(0, at::tensor(vocabulary).to(table.device()));
  const at::Tensor logits =
      at::zeros({options.trigger_length, words.size(0)}, words.options()).requires_grad_();
  const at::Tensor bars = barred(alphabet, vocabulary, options.trigger_length).to(words.options());
  state_ = std::make_unique<State>(
      State{.vocabulary = vocabulary,
            .words = words,
            .barred = bars,
            .logits = logits,
            .adam = std::make_unique<torch::optim::Adam>(
                std::vector<at::Tensor>{logits}, torch::optim::AdamOptions(options.learning_rate)),
            .bound = DynamicBound(options.bound),
            .noise = context.rng.stream("noise"),
            .one_hot = {},
            .mixed = likeliest(logits.detach() + bars, vocabulary)});
}

SoftTrigger::~SoftTrigger() = default;

void SoftTrigger::step() {
  State& s = *state_;
  const at::Tensor noise =
      s.bound.start_epoch(s.epoch) ? drawn_noise(s.logits, options_.noise, s.noise) : at::Tensor();
  const at::Tensor weights = token_weights(s.logits + s.barred, s.bound.temperature(), noise);
  const at::Tensor rows = at::mm(weights, s.words);
  const SoftLoss result = context_.loss_of.scorer().soft_loss(rows, context_.progress);
  s.adam->zero_grad();
  rows.backward(result.gradient);
  s.adam->step();
  if ((s.epoch + 1) % options_.halving_epochs == 0) {
    halve_rate(*s.adam);
  }
  const double lack =
      static_cast<double>(options_.trigger_length) - weights.detach().amax(1).sum().item<double>();
  if (s.bound.end_epoch(result.loss, lack)) {
    s.one_hot.push_back(likeliest(weights, s.vocabulary));
    s.soft_loss = result.loss;
  } else if (s.one_hot.empty() && (s.epoch == 0 || result.loss < s.soft_loss)) {
    s.mixed = likeliest(weights, s.vocabulary);
    s.soft_loss = result.loss;
  }
  ++s.epoch;
  context_.progress.advance(1, "loss " + fixed_decimals(result.loss, 4));
}

void SoftTrigger::advance(std::int64_t epochs) {
  for (std::int64_t i = 0; i < epochs; ++i) {
    context_.progress.check();
    step();
  }
}

FoundTriggers SoftTrigger::found() {
  FoundTriggers found;
  for (const TriggerIds& ids : state_->one_hot) {
    context_.progress.check();
    found.visited.push_back({.ids = ids, .loss = context_.loss_of(ids)});
  }
  const TriggerIds& best = state_->one_hot.empty() ? state_->mixed : state_->one_hot.back();
  found.best = {.ids = best, .loss = context_.loss_of(best)};
  found.epochs = state_->epoch;
  found.candidates = std::ssize(found.visited);
  found.figures = {{"one_hot", state_->one_hot.empty() ? 0.0 : 1.0},
                   {"soft_loss", state_->soft_loss}};
  return found;
}

}  // namespace ncmlab::dbs
