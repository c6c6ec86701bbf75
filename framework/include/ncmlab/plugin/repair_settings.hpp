// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstdint>
#include <utility>

#include "ncmlab/plugin/repair_training.hpp"
#include "ncmlab/plugin/schema.hpp"

namespace ncmlab {

/// The settings of a defense that trains the victim on the clean samples. The plugin's config
/// struct derives from it; repair_fields() adds them to its schema.
struct RepairSettings {
  std::int64_t epochs = 5;
  double learning_rate = 2e-5;
  std::int64_t batch_size = 32;
};

template <std::derived_from<RepairSettings> Config>
Schema<Config> repair_fields(Schema<Config> schema) {
  return std::move(schema)
      .field("epochs", &Config::epochs, "Passes over the clean samples.", range(1, 10'000),
             budgeted(Allowance::steps))
      .field("learning_rate", &Config::learning_rate,
             "Peak rate of AdamW; linear schedule, the first tenth is warm-up.", range(0.0, 1.0),
             budgeted(Allowance::learning_rates))
      .field("batch_size", &Config::batch_size, "Samples per step.", range(1, 65'536),
             budgeted(Allowance::batch_size));
}

/// train_repair() on `samples`, the clean ones as the victim reads them, by the stream `training`;
/// says in `outcome` that the victim is repaired, and the figures `clean_samples`, `training_loss`
/// and those of add_figures().
void repair_on(const std::vector<TokenSample>& samples, const RepairSettings& settings,
               DefenseContext& context, DefenseOutcome& outcome, const TrainingHooks& hooks = {});

}  // namespace ncmlab
