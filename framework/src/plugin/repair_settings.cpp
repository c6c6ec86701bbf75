// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/plugin/repair_settings.hpp"

namespace ncmlab {

void repair_on(const std::vector<TokenSample>& samples, const RepairSettings& settings,
               DefenseContext& context, DefenseOutcome& outcome, const TrainingHooks& hooks) {
  const RepairTraining training = train_repair(context, samples,
                                               {.epochs = settings.epochs,
                                                .learning_rate = settings.learning_rate,
                                                .batch_size = settings.batch_size},
                                               context.rng.stream("training"), 1, hooks);
  outcome.repaired = true;
  outcome.figures["clean_samples"] = static_cast<double>(samples.size());
  outcome.figures["training_loss"] = training.loss;
  add_figures(training, outcome);
}

}  // namespace ncmlab
