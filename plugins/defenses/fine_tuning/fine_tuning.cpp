// SPDX-License-Identifier: Apache-2.0
#include "fine_tuning.hpp"

#include "ncmlab/core/diagnostic.hpp"
#include "ncmlab/plugin/registration.hpp"
#include "ncmlab/plugin/repair_training.hpp"

namespace ncmlab {

Schema<FineTuningConfig> FineTuning::schema() {
  return Schema<FineTuningConfig>{}
      .field("epochs", &FineTuningConfig::epochs, "Passes over the clean samples.",
             range(1, 10'000), budgeted(Allowance::steps))
      .field("learning_rate", &FineTuningConfig::learning_rate,
             "Peak rate of AdamW; linear schedule, the first tenth is warm-up.", range(0.0, 1.0),
             budgeted(Allowance::learning_rates))
      .field("batch_size", &FineTuningConfig::batch_size, "Samples per step.", range(1, 65'536),
             budgeted(Allowance::batch_size));
}

DefenseOutcome FineTuning::defend(DefenseContext& context) const {
  if (context.clean_samples.empty()) {
    throw Error("defense.no-clean-samples", "`fine_tuning` was given no clean samples",
                {"raise `clean_share` of the experiment"});
  }
  const TrainingOptions options{.epochs = config_.epochs,
                                .learning_rate = config_.learning_rate,
                                .batch_size = config_.batch_size};
  const RepairTraining training =
      train_repair(context, context.task.tokenize(context.victim, context.clean_samples), options,
                   context.rng.stream("training"));
  DefenseOutcome outcome;
  outcome.repaired = true;
  outcome.figures["clean_samples"] = static_cast<double>(context.clean_samples.size());
  outcome.figures["training_loss"] = training.loss;
  add_figures(training, outcome);
  return outcome;
}

}  // namespace ncmlab

NCMLAB_PLUGIN(ncmlab::defense<ncmlab::FineTuning>())
