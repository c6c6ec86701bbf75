// SPDX-License-Identifier: Apache-2.0
#include "fine_mixing.hpp"

#include <torch/types.h>

#include "ncmlab/plugin/defense_requirements.hpp"
#include "ncmlab/plugin/registration.hpp"
#include "ncmlab/plugin/repair_settings.hpp"

namespace ncmlab {

Schema<FineMixingConfig> FineMixing::schema() {
  using C = FineMixingConfig;
  return repair_fields(
      Schema<C>{}
          .field(
              "mixing", &C::mixing,
              "Whether each number of the weights is drawn from one of the two models or is their "
              "mean.")
          .field("kept", &C::kept, "Share of the victim in the mixture.", range(0.0, 1.0))
          .field("purified_tokens", &C::purified_tokens,
                 "Tokens whose embeddings have moved the most and become the public model's.",
                 at_least(0)));
}

DefenseOutcome FineMixing::defend(DefenseContext& context) const {
  require_clean_samples(context, kName);
  require_starting_model(context, kName);
  context.progress.check();
  const Encoder& encoder = context.victim.encoder();
  const std::vector<TokenSample> samples =
      context.task.tokenize(context.victim, context.clean_samples);
  const StateDict pretrained = context.starting_model->encoder().parameters();
  const at::Tensor embeddings = encoder.embedding_table();
  at::Tensor public_embeddings;
  for (const auto& [name, tensor] : encoder.parameters()) {
    if (tensor.is_same(embeddings)) {
      public_embeddings = pretrained.at(name);
    }
  }
  const std::vector<std::int64_t> tokens = fine_mixing::suspicious_tokens(
      embeddings, public_embeddings, samples, config_.purified_tokens);
  torch::manual_seed(context.rng.stream("mixing").seed());
  fine_mixing::mix(encoder, pretrained, config_.kept, config_.mixing);
  fine_mixing::purify(embeddings, public_embeddings, tokens);

  DefenseOutcome outcome;
  repair_on(samples, config_, context, outcome);
  outcome.figures["purified_tokens"] = static_cast<double>(tokens.size());
  return outcome;
}

}  // namespace ncmlab

NCMLAB_PLUGIN(ncmlab::defense<ncmlab::FineMixing>())
