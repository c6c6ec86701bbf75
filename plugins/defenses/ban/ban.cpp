// SPDX-License-Identifier: Apache-2.0
#include "ban.hpp"

#include <torch/types.h>

#include <algorithm>

#include "feature_mask.hpp"
#include "ncmlab/networks/device.hpp"
#include "ncmlab/plugin/defense_requirements.hpp"
#include "ncmlab/plugin/registration.hpp"
#include "ncmlab/plugin/repair_settings.hpp"
#include "neuron_noise.hpp"

namespace ncmlab {
namespace {

at::Tensor labels_of(const std::vector<TokenSample>& samples, at::Device device) {
  std::vector<std::int64_t> labels;
  for (const TokenSample& sample : samples) {
    labels.push_back(sample.label);
  }
  return at::tensor(labels, at::kLong).to(device);
}

/// Moves the noise by `step` to where the losses of all `samples` together grow. `labels` are
/// theirs, on the model's device.
void climb_together(CodeModel& model, const std::vector<TokenSample>& samples,
                    const at::Tensor& labels, ban::NeuronNoise& noise, double step,
                    Progress& progress) {
  std::vector<at::Tensor> slopes;
  const std::int64_t most = tokens_per_pass(model.encoder().device());
  for (const auto& chosen :
       batches_by_length(samples, most, static_cast<std::int64_t>(samples.size()))) {
    progress.check();
    const std::vector<std::int64_t> places(chosen.begin(), chosen.end());
    const at::Tensor own = labels.index_select(0, at::tensor(places).to(labels.device()));
    const Batch batch = make_batch(samples, chosen, model.tokenizer().special().pad);
    const std::vector<at::Tensor> further =
        noise.slopes(model.head().losses(model.logits(batch, false), own).sum());
    for (std::size_t i = 0; i < further.size(); ++i) {
      if (slopes.size() == i) {
        slopes.push_back(further[i]);
      } else {
        slopes[i] = slopes[i] + further[i];
      }
    }
    model.work().backward_rows += batch.ids.size(0);
  }
  noise.climb(slopes, step);
}

}  // namespace

Schema<BanConfig> Ban::schema() {
  using C = BanConfig;
  return repair_fields(
      Schema<C>{}
          .field(
              "noise", &C::noise,
              "Largest noise on the scale and the shift of a norm's channel, as a share of them.",
              range(0.0, 1.0))
          .field("steps", &C::steps, "Steps by which the noise of a batch is made adversarial.",
                 range(1, 1'000))
          .field("robust_weight", &C::robust_weight,
                 "What the loss under noise counts beside the loss without it.", at_least(0))
          .field("mask_steps", &C::mask_steps, "Steps of the mask that parts the features.",
                 range(0, 100'000))
          .field("mask_learning_rate", &C::mask_learning_rate, "Rate of Adam for the mask.",
                 range(0.0, 1.0))
          .field("mask_weight", &C::mask_weight, "What the mask's norm counts.", at_least(0))
          .field("detection_steps", &C::detection_steps,
                 "Steps of the noise by which the victim is judged.", range(1, 1'000))
          .field("detection_samples", &C::detection_samples,
                 "Clean samples whose loss that noise makes large.", range(1, 100'000))
          .field(
              "verdict_share", &C::verdict_share,
              "The model is called backdoored when, under noise and by the features that the mask "
              "leaves out, at least this share of the samples of all other labels gets one label.",
              range(0.0, 1.0)));
}

void Ban::judge(DefenseContext& context, const std::vector<TokenSample>& samples,
                DefenseOutcome& outcome) const {
  CodeModel& victim = context.victim;
  const at::Device device = victim.encoder().device();
  torch::manual_seed(context.rng.stream("detection").seed());
  const at::Tensor labels = labels_of(samples, device);
  const at::Tensor mask = ban::benign_mask(
      victim.head(), victim.sentence_vectors(samples, context.progress).to(device), labels,
      {.steps = config_.mask_steps,
       .learning_rate = config_.mask_learning_rate,
       .norm_weight = config_.mask_weight});

  Rng rng = context.rng.stream("detection samples");
  std::vector<TokenSample> chosen;
  for (const std::size_t index :
       rng.sample(samples.size(), static_cast<std::size_t>(config_.detection_samples))) {
    chosen.push_back(samples[index]);
  }
  const at::Tensor chosen_labels = labels_of(chosen, device);
  ban::NeuronNoise noise(victim.encoder(), config_.noise);
  noise.draw();
  context.progress.begin("neuron noise", config_.detection_steps);
  for (std::int64_t step = 0; step < config_.detection_steps; ++step) {
    climb_together(victim, chosen, chosen_labels, noise,
                   config_.noise / static_cast<double>(config_.detection_steps), context.progress);
    context.progress.advance();
  }
  const at::Tensor vectors = victim.sentence_vectors(samples, context.progress).to(device);
  const at::NoGradGuard no_grad;
  const at::Tensor answers =
      victim.head()
          .log_probabilities(ban::masked_logits(victim.head(), vectors, 1 - mask))
          .argmax(1);
  double share = 0;
  std::int64_t suspect = 0;
  for (std::int64_t label = 0; label < victim.classes(); ++label) {
    const at::Tensor others = labels.ne(label);
    const double sent = others.logical_and(answers.eq(label)).sum().item<double>() /
                        std::max(1.0, others.sum().item<double>());
    if (sent > share) {
      share = sent;
      suspect = label;
    }
  }
  outcome.backdoored = share >= config_.verdict_share;
  outcome.figures["suspected_label"] = static_cast<double>(suspect);
  outcome.figures["sent_to_suspected_label"] = share;
}

DefenseOutcome Ban::defend(DefenseContext& context) const {
  require_clean_samples(context, kName);
  const std::vector<TokenSample> samples =
      context.task.tokenize(context.victim, context.clean_samples);
  DefenseOutcome outcome;
  judge(context, samples, outcome);
  const auto penalty = [&](CodeModel& model, const Batch& batch, const at::Tensor& labels) {
    return config_.robust_weight *
           ban::robust_losses(model, batch, labels,
                              {.size = config_.noise, .steps = config_.steps});
  };
  repair_on(samples, config_, context, outcome, {.penalty = penalty});
  return outcome;
}

}  // namespace ncmlab

NCMLAB_PLUGIN(ncmlab::defense<ncmlab::Ban>())
