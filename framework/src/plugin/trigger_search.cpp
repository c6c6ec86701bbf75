// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/plugin/trigger_search.hpp"

#include <ATen/ATen.h>

#include <cstddef>
#include <utility>

namespace ncmlab {

TriggerSearch::~TriggerSearch() = default;

TriggerIds TriggerSearch::purified(const TriggerIds& trigger,
                                   const std::function<double(const TriggerIds&)>&) const {
  return trigger;
}

std::map<std::string, double> TriggerSearch::judge(const TriggerIds&, const HeldOutSamples&,
                                                   const Rng&) const {
  return {};
}

double TriggerLoss::operator()(const TriggerIds& trigger) {
  const auto found = known_.find(trigger);
  return found != known_.end() ? found->second
                               : known_.emplace(trigger, scorer_.loss(trigger)).first->second;
}

HeldOutSamples::HeldOutSamples(CodeModel& victim, std::vector<InversionSample> samples,
                               std::int64_t target_label, Progress& progress)
    : victim_(victim),
      samples_(std::move(samples)),
      target_label_(target_label),
      progress_(progress) {
  std::vector<TokenSample> plain;
  for (const InversionSample& each : samples_) {
    plain.push_back(each.sample);
  }
  plain_ = victim_.predict(plain, progress_);
  elsewhere_ = plain_.argmax(1).ne(target_label_);
}

at::Tensor HeldOutSamples::predictions(const TriggerIds& trigger) const {
  std::vector<TokenSample> triggered;
  for (const InversionSample& each : samples_) {
    triggered.push_back(with_trigger(each, trigger, victim_.rules()));
  }
  return victim_.predict(triggered, progress_);
}

double HeldOutSamples::flip_rate(const TriggerIds& trigger) const {
  const at::Tensor turned = predictions(trigger).argmax(1).eq(target_label_);
  const auto count = elsewhere_.sum().item<std::int64_t>();
  return count == 0 ? 0.0 : (elsewhere_ & turned).sum().item<double>() / static_cast<double>(count);
}

double HeldOutSamples::mean_rise(const TriggerIds& trigger) const {
  const auto target = [this](const at::Tensor& predicted) {
    return predicted.select(1, target_label_).to(at::kDouble).exp();
  };
  return (target(predictions(trigger)) - target(plain_)).mean().item<double>();
}

std::vector<TriggerIds> shrink(const TriggerIds& trigger,
                               const std::function<double(const TriggerIds&)>& loss) {
  std::vector<TriggerIds> steps = {trigger};
  while (steps.back().size() > 1) {
    TriggerIds best;
    double best_loss = 0;
    for (std::size_t i = 0; i < steps.back().size(); ++i) {
      TriggerIds shorter = steps.back();
      shorter.erase(shorter.begin() + static_cast<std::ptrdiff_t>(i));
      const double shorter_loss = loss(shorter);
      if (best.empty() || shorter_loss < best_loss) {
        best = shorter;
        best_loss = shorter_loss;
      }
    }
    steps.push_back(best);
  }
  return steps;
}

}  // namespace ncmlab
