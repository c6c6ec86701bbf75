// SPDX-License-Identifier: Apache-2.0
#include "fine_tuning.hpp"

#include "ncmlab/plugin/defense_requirements.hpp"
#include "ncmlab/plugin/registration.hpp"
#include "ncmlab/plugin/repair_settings.hpp"

namespace ncmlab {

Schema<FineTuningConfig> FineTuning::schema() { return repair_fields(Schema<FineTuningConfig>{}); }

DefenseOutcome FineTuning::defend(DefenseContext& context) const {
  require_clean_samples(context, kName);
  DefenseOutcome outcome;
  repair_on(context.task.tokenize(context.victim, context.clean_samples), config_, context,
            outcome);
  return outcome;
}

}  // namespace ncmlab

NCMLAB_PLUGIN(ncmlab::defense<ncmlab::FineTuning>())
