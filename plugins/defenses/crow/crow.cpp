// SPDX-License-Identifier: Apache-2.0
#include "crow.hpp"

#include <ATen/ATen.h>

#include "consistency.hpp"
#include "ncmlab/plugin/defense_requirements.hpp"
#include "ncmlab/plugin/registration.hpp"
#include "ncmlab/plugin/repair_settings.hpp"

namespace ncmlab {

Schema<CrowConfig> Crow::schema() {
  return repair_fields(
      Schema<CrowConfig>{}
          .field("step", &CrowConfig::step,
                 "How far each coordinate of the word embeddings is moved against consistency.",
                 at_least(0))
          .field("weight", &CrowConfig::weight,
                 "What inconsistency between layers counts beside the loss.", at_least(0)));
}

DefenseOutcome Crow::defend(DefenseContext& context) const {
  require_clean_samples(context, kName);
  const auto penalty = [&](CodeModel& model, const Batch& batch, const at::Tensor& labels) {
    Encoder& encoder = model.encoder();
    model.work().backward_rows += 2 * batch.ids.size(0);
    const at::Tensor of_rows =
        crow::inconsistency(encoder, crow::perturbed(encoder, batch, config_.step));
    return config_.weight * of_rows.reshape({labels.size(0), -1}).mean(1);
  };
  DefenseOutcome outcome;
  repair_on(context.task.tokenize(context.victim, context.clean_samples), config_, context, outcome,
            {.penalty = penalty});
  return outcome;
}

}  // namespace ncmlab

NCMLAB_PLUGIN(ncmlab::defense<ncmlab::Crow>())
