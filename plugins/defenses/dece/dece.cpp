// SPDX-License-Identifier: Apache-2.0
#include "dece.hpp"

#include <torch/types.h>

#include <cmath>
#include <numeric>

#include "ncmlab/core/diagnostic.hpp"
#include "ncmlab/plugin/registration.hpp"

namespace ncmlab {
namespace {

/// One phase with the victim's own options.
class DeceptiveTraining final : public DefendedTraining {
 public:
  DeceptiveTraining(const DeCEConfig& config, const DefendedTrainingContext& context)
      : config_(config), samples_(context.training_set.size()), options_(context.options) {}

  std::optional<TrainingPhase> next(const Losses&) override {
    if (is_done_) {
      return std::nullopt;
    }
    is_done_ = true;
    std::vector<std::size_t> all(samples_);
    std::iota(all.begin(), all.end(), std::size_t{0});
    return TrainingPhase{.name = "bounded loss", .samples = std::move(all), .options = options_};
  }

  at::Tensor losses(const Head& head, const at::Tensor& logits, const at::Tensor& labels,
                    const BatchPlace& place) const override {
    const at::Tensor log_probabilities = head.log_probabilities(logits);
    return config_.loss == BoundedLoss::deceptive
               ? deceptive_losses(log_probabilities, labels, config_.alpha, config_.smoothing,
                                  place.epoch)
               : generalised_losses(log_probabilities, labels, config_.q);
  }

 private:
  DeCEConfig config_;
  std::size_t samples_;
  TrainingOptions options_;
  bool is_done_ = false;
};

}  // namespace

at::Tensor deceptive_losses(const at::Tensor& log_probabilities, const at::Tensor& labels,
                            double alpha, double smoothing, std::size_t epoch) {
  const auto classes = static_cast<double>(log_probabilities.size(1));
  const at::Tensor smoothed =
      at::one_hot(labels, log_probabilities.size(1)).to(log_probabilities.dtype()) *
          (1 - smoothing) +
      smoothing / classes;
  const double weight = std::pow(alpha, static_cast<double>(epoch + 1));
  const at::Tensor deceptive = weight * log_probabilities.exp() + (1 - weight) * smoothed;
  return -(smoothed * deceptive.log()).sum(1);
}

at::Tensor generalised_losses(const at::Tensor& log_probabilities, const at::Tensor& labels,
                              double q) {
  const at::Tensor of_label = log_probabilities.gather(1, labels.unsqueeze(1)).squeeze(1);
  return (1 - (q * of_label).exp()) / q;
}

Schema<DeCEConfig> DeCE::schema() {
  return Schema<DeCEConfig>{}
      .field("loss", &DeCEConfig::loss, "What is minimised; `generalised` is the control.")
      .field("alpha", &DeCEConfig::alpha,
             "Base of the weight of the prediction, to the power of the epoch.", range(0.0, 1.0),
             only_where("loss", "deceptive"))
      .field("smoothing", &DeCEConfig::smoothing, "Share of a label that is spread over all.",
             range(0.001, 0.999), only_where("loss", "deceptive"))
      .field("q", &DeCEConfig::q, "0 would be cross-entropy, 1 is the mean absolute error.",
             range(0.001, 1.0), only_where("loss", "generalised"));
}

std::unique_ptr<DefendedTraining> DeCE::begin(const DefendedTrainingContext& context) const {
  if (context.training_set.empty()) {
    throw Error("defense.no-training-set", "`dece` was given no samples to train on");
  }
  return std::make_unique<DeceptiveTraining>(config_, context);
}

}  // namespace ncmlab

NCMLAB_PLUGIN(ncmlab::defense<ncmlab::DeCE>())
