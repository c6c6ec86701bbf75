// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/plugin/repair_training.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "ncmlab/core/diagnostic.hpp"
#include "ncmlab/metrics/classification.hpp"
#include "weights/copy_over.hpp"

namespace ncmlab {
namespace {

RepairTraining train_at(DefenseContext& context, const std::vector<TokenSample>& samples,
                        const TrainingOptions& options, const Rng& rng,
                        const TrainingHooks& hooks) {
  const TrainingResult result =
      train(context.victim, samples, options, rng, context.progress, hooks);
  return {.learning_rate = options.learning_rate, .loss = result.epochs.back().loss};
}

/// Trains at each of the rates and leaves the weights of the best.
RepairTraining train_at_best(DefenseContext& context, const std::vector<TokenSample>& samples,
                             TrainingOptions options, const Rng& rng, const TrainingHooks& hooks) {
  if (context.tuning_samples.empty()) {
    throw Error("defense.no-tuning-samples",
                "there are " + std::to_string(context.budget.learning_rates.size()) +
                    " learning rates, but no clean samples to choose one by",
                {"raise `clean_share` of the experiment or `tuning_share` of `[defense_budget]`, "
                 "or give one learning rate"});
  }
  const std::vector<TokenSample> tuning =
      context.task.tokenize(context.victim, context.tuning_samples);
  const StateDict parameters = context.victim.parameters();
  const StateDict before = parameters.clone();
  StateDict best_weights;
  std::optional<RepairTraining> best;
  for (const double rate : context.budget.learning_rates) {
    options.learning_rate = rate;
    RepairTraining candidate;
    try {
      candidate = train_at(context, samples, options, rng, hooks);
    } catch (const Error& error) {
      if (error.diagnostics().front().code != "train.diverged" ||
          (rate == context.budget.learning_rates.back() && !best)) {
        throw;
      }
      copy_over(parameters, before);
      continue;
    }
    candidate.tuning_accuracy = accuracy(context.victim, tuning, context.progress);
    if (!best || candidate.tuning_accuracy >= best->tuning_accuracy) {
      best = candidate;
      best_weights = parameters.clone();
    }
    copy_over(parameters, before);
  }
  copy_over(parameters, best_weights);
  return *best;
}

}  // namespace

double accuracy(CodeModel& model, const std::vector<TokenSample>& samples, Progress& progress) {
  const at::Tensor answers = model.predict(samples, progress).argmax(1).contiguous();
  const auto* first = answers.data_ptr<std::int64_t>();
  std::vector<std::int64_t> labels;
  for (const TokenSample& sample : samples) {
    labels.push_back(sample.label);
  }
  return classification_metrics({first, first + answers.numel()}, labels, 0).accuracy;
}

RepairTraining train_repair(DefenseContext& context, const std::vector<TokenSample>& samples,
                            TrainingOptions options, const Rng& rng, double share,
                            const TrainingHooks& hooks) {
  const DefenseBudget& budget = context.budget;
  if (budget.steps) {
    options.steps =
        std::max<std::int64_t>(1, std::llround(share * static_cast<double>(*budget.steps)));
  }
  options.batch_size = budget.batch_size.value_or(options.batch_size);
  if (budget.learning_rates.size() > 1) {
    return train_at_best(context, samples, options, rng, hooks);
  }
  if (!budget.learning_rates.empty()) {
    options.learning_rate = budget.learning_rates.front();
  }
  return train_at(context, samples, options, rng, hooks);
}

void add_figures(const RepairTraining& training, DefenseOutcome& outcome) {
  outcome.figures["learning_rate"] = training.learning_rate;
  if (training.tuning_accuracy) {
    outcome.figures["tuning_accuracy"] = *training.tuning_accuracy;
  }
}

}  // namespace ncmlab
