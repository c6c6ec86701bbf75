// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <vector>

#include "ncmlab/core/rng.hpp"
#include "ncmlab/model/code_model.hpp"
#include "ncmlab/plugin/model_defense.hpp"
#include "ncmlab/train/options.hpp"
#include "ncmlab/train/trainer.hpp"

namespace ncmlab {

/// How a repair was trained.
struct RepairTraining {
  double learning_rate = 0;
  double loss = 0;                             ///< of the last epoch
  std::optional<double> tuning_accuracy = {};  ///< where the rate was chosen
};

/// Trains context.victim, a classifier, on `samples` as `options` say, within the budget: its steps
/// and batch size take the place of `options`' where it has them, `share` of the steps if a repair
/// trains more than once.
///
/// Of the budget's learning rates that one is taken whose model has the best accuracy on the
/// context's tuning samples; of equals the highest, since a defender wants the weights moved as far
/// as accuracy permits. Each starts at the weights that the victim has now and draws the same
/// numbers from `rng`; each counts as work. Throws Error `defense.no-tuning-samples` where there is
/// more than one rate and nothing to choose by. A rate with which the loss diverges is passed over;
/// if all do, the last one's Error `train.diverged` is thrown. `hooks` hold for each of the
/// trainings.
RepairTraining train_repair(DefenseContext& context, const std::vector<TokenSample>& samples,
                            TrainingOptions options, const Rng& rng, double share = 1,
                            const TrainingHooks& hooks = {});

/// Share of the samples whose most likely label is their own.
double accuracy(CodeModel& model, const std::vector<TokenSample>& samples, Progress& progress);

/// Adds what `training` says to the figures of an outcome: `learning_rate`, `tuning_accuracy`.
void add_figures(const RepairTraining& training, DefenseOutcome& outcome);

}  // namespace ncmlab
