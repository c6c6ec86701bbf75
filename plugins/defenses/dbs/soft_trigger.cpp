// SPDX-License-Identifier: Apache-2.0
#include "soft_trigger.hpp"

#include <torch/autograd.h>
#include <torch/optim/adam.h>
#include <torch/types.h>

#include <iterator>
#include <string>

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

/// Triggers that epochs ended with.
struct Taken {
  std::vector<TriggerIds> one_hot;  ///< that were the best, the last one last
  TriggerIds mixed;                 ///< of the lowest loss while there was none of those
  double soft_loss = 0;             ///< of the mixtures behind the last of the above
};

FoundTriggers scored(const Taken& taken, const SearchContext& context, std::int64_t epochs) {
  FoundTriggers found;
  for (const TriggerIds& ids : taken.one_hot) {
    context.progress.check();
    found.visited.push_back({.ids = ids, .loss = context.loss_of(ids)});
  }
  const TriggerIds& best = taken.one_hot.empty() ? taken.mixed : taken.one_hot.back();
  found.best = {.ids = best, .loss = context.loss_of(best)};
  found.epochs = epochs;
  found.candidates = std::ssize(found.visited);
  found.figures = {{"one_hot", taken.one_hot.empty() ? 0.0 : 1.0}, {"soft_loss", taken.soft_loss}};
  return found;
}

}  // namespace

at::Tensor token_weights(const at::Tensor& logits, double temperature, const at::Tensor& noise) {
  const at::Tensor scaled = logits / temperature;
  return (noise.defined() ? scaled + noise : scaled).softmax(-1);
}

FoundTriggers invert_soft_trigger(const SearchContext& context,
                                  const std::vector<std::int64_t>& vocabulary,
                                  const SoftTriggerOptions& options) {
  const at::Tensor table = context.victim.encoder().embedding_table().detach();
  const at::Tensor words = table.index_select(0, at::tensor(vocabulary).to(table.device()));
  const at::Tensor logits =
      at::zeros({options.trigger_length, words.size(0)}, words.options()).requires_grad_();
  torch::optim::Adam adam({logits}, torch::optim::AdamOptions(options.learning_rate));
  DynamicBound bound(options.bound);
  Rng noise_rng = context.rng.stream("noise");
  Taken taken;
  for (std::int64_t epoch = 0; epoch < options.epochs; ++epoch) {
    context.progress.check();
    const at::Tensor noise =
        bound.start_epoch(epoch) ? drawn_noise(logits, options.noise, noise_rng) : at::Tensor();
    const at::Tensor weights = token_weights(logits, bound.temperature(), noise);
    const at::Tensor rows = at::mm(weights, words);
    const SoftLoss result = context.loss_of.scorer().soft_loss(rows, context.progress);
    adam.zero_grad();
    rows.backward(result.gradient);
    adam.step();
    if ((epoch + 1) % options.halving_epochs == 0) {
      halve_rate(adam);
    }
    const double lack =
        static_cast<double>(options.trigger_length) - weights.detach().amax(1).sum().item<double>();
    if (bound.end_epoch(result.loss, lack)) {
      taken.one_hot.push_back(likeliest(weights, vocabulary));
      taken.soft_loss = result.loss;
    } else if (taken.one_hot.empty() && (epoch == 0 || result.loss < taken.soft_loss)) {
      taken.mixed = likeliest(weights, vocabulary);
      taken.soft_loss = result.loss;
    }
    context.progress.advance(1, "loss " + fixed_decimals(result.loss, 4));
  }
  if (options.epochs == 0) {
    taken.mixed = likeliest(logits, vocabulary);
  }
  return scored(taken, context, options.epochs);
}

}  // namespace ncmlab::dbs
