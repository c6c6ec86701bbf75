// SPDX-License-Identifier: Apache-2.0
#include "abl.hpp"

#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "ncmlab/core/diagnostic.hpp"
#include "ncmlab/plugin/registration.hpp"

namespace ncmlab {
namespace {

class AblTraining final : public DefendedTraining {
 public:
  AblTraining(const AblConfig& config, const DefendedTrainingContext& context)
      : config_(config), samples_(context.training_set.size()), options_(context.options) {}

  std::optional<TrainingPhase> next(const Losses& losses) override {
    switch (phase_) {
      case Phase::start:
        phase_ = Phase::isolation;
        return isolation();
      case Phase::isolation:
        isolated_ = lowest(losses(), config_.isolated);
        phase_ = Phase::fitting;
        return fitting();
      case Phase::fitting:
        phase_ = Phase::ascent;
        return ascent();
      case Phase::ascent:
        break;
    }
    return std::nullopt;
  }

  at::Tensor losses(const Head& head, const at::Tensor& logits, const at::Tensor& labels,
                    const BatchPlace&) const override {
    const at::Tensor losses = head.losses(logits, labels);
    if (phase_ == Phase::isolation) {
      // What fell below gamma is pushed up again: only what is learnt faster than that stays low.
      return (losses.detach() - config_.gamma).sign() * losses;
    }
    return phase_ == Phase::ascent ? -losses : losses;
  }

  std::map<std::string, double> figures() const override {
    return {{"isolated_samples", static_cast<double>(isolated_.size())}};
  }

 private:
  enum class Phase { start, isolation, fitting, ascent };

  std::vector<std::size_t> all() const {
    std::vector<std::size_t> places(samples_);
    std::iota(places.begin(), places.end(), std::size_t{0});
    return places;
  }

  TrainingPhase isolation() const {
    TrainingPhase phase{.name = "isolation", .samples = all(), .options = options_};
    phase.options.epochs = config_.isolation_epochs;
    return phase;
  }

  TrainingPhase fitting() const {
    std::vector<std::size_t> rest;
    std::ranges::set_difference(all(), isolated_, std::back_inserter(rest));
    TrainingPhase phase{
        .name = "fitting", .samples = rest.empty() ? all() : std::move(rest), .options = options_};
    phase.options.epochs = config_.epochs > 0 ? config_.epochs : options_.epochs;
    return phase;
  }

  TrainingPhase ascent() const {
    TrainingPhase phase{.name = "ascent", .samples = isolated_, .options = options_};
    phase.options.epochs = config_.ascent_epochs;
    phase.options.learning_rate = config_.ascent_learning_rate;
    phase.options.warmup = 0;
    return phase;
  }

  AblConfig config_;
  std::size_t samples_;
  TrainingOptions options_;
  Phase phase_ = Phase::start;
  std::vector<std::size_t> isolated_;
};

}  // namespace

std::vector<std::size_t> lowest(const std::vector<double>& losses, double share) {
  std::vector<std::size_t> order(losses.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, {}, [&](std::size_t place) { return losses[place]; });
  const auto count = static_cast<std::size_t>(
      std::max<long long>(1, std::llround(share * static_cast<double>(losses.size()))));
  order.resize(std::min(count, order.size()));
  std::ranges::sort(order);
  return order;
}

Schema<AblConfig> Abl::schema() {
  return Schema<AblConfig>{}
      .field("isolation_epochs", &AblConfig::isolation_epochs,
             "Epochs on all samples before the isolation.", range(1, 10'000))
      .field("gamma", &AblConfig::gamma,
             "Loss below which it is ascended in these epochs; 0: plain training.", at_least(0))
      .field("isolated", &AblConfig::isolated,
             "Share of the training set with the lowest losses that is isolated.", range(0.0, 0.5))
      .field("epochs", &AblConfig::epochs,
             "Epochs on the rest; 0: as many as the undefended victim has.", range(0, 10'000))
      .field("ascent_epochs", &AblConfig::ascent_epochs,
             "Epochs of gradient ascent on what was isolated.", range(1, 10'000))
      .field("ascent_learning_rate", &AblConfig::ascent_learning_rate, "Peak rate of these.",
             range(0.0, 1.0));
}

std::unique_ptr<DefendedTraining> Abl::begin(const DefendedTrainingContext& context) const {
  if (context.training_set.empty()) {
    throw Error("defense.no-training-set", "`abl` was given no samples to train on");
  }
  return std::make_unique<AblTraining>(config_, context);
}

}  // namespace ncmlab

NCMLAB_PLUGIN(ncmlab::defense<ncmlab::Abl>())
