// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/plugin/trigger_search.hpp"

#include <ATen/ATen.h>

#include <cstddef>
#include <utility>

namespace ncmlab {

TriggerSearch::~TriggerSearch() = default;
SearchMethod::~SearchMethod() = default;

TriggerIds TriggerSearch::purified(const TriggerIds& trigger,
                                   const std::function<double(const TriggerIds&)>&) const {
  return trigger;
}

std::map<std::string, double> TriggerSearch::judge(const TriggerIds&, const JudgedSamples&) const {
  return {};
}

double TriggerLoss::operator()(const TriggerIds& trigger) {
  const auto found = known_.find(trigger);
  return found != known_.end() ? found->second
                               : known_.emplace(trigger, scorer_.loss(trigger)).first->second;
}

JudgedSamples::JudgedSamples(CodeModel& victim, TaskView task, std::vector<PlacedExample> samples,
                             NameEdit change, std::int64_t target_label, CodeModel* reference,
                             Progress& progress)
    : victim_(victim),
      task_(task),
      samples_(std::move(samples)),
      change_(change),
      target_label_(target_label),
      reference_(reference),
      progress_(progress) {
  std::vector<TokenSample> plain;
  for (const PlacedExample& each : samples_) {
    plain.push_back(task_.tokenize(victim_, each.example));
  }
  plain_ = answers(plain);
  elsewhere_ = plain_.victim.argmax(1).ne(target_label_);
  const auto count = elsewhere_.sum().item<std::int64_t>();
  const at::Tensor order =
      plain_.victim.select(1, target_label_).masked_fill(elsewhere_.logical_not(), 1).argsort();
  certain_ = at::zeros_like(elsewhere_);
  certain_.index_fill_(0, order.narrow(0, 0, (count + 3) / 4), 1);
}

JudgedSamples::Answers JudgedSamples::answers(const std::vector<TokenSample>& samples) const {
  const auto of = [&](CodeModel& model) {
    return model.predict(samples, progress_).to(at::kCPU, at::kDouble);
  };
  return {.victim = of(victim_),
          .reference = reference_ == nullptr ? at::Tensor() : of(*reference_)};
}

const JudgedSamples::Answers& JudgedSamples::answers(const TriggerIds& trigger) const {
  const auto known = known_.find(trigger);
  if (known != known_.end()) {
    return known->second;
  }
  progress_.check();
  const std::string text = trigger_text(victim_.tokenizer(), trigger);
  std::vector<TokenSample> triggered;
  for (const PlacedExample& each : samples_) {
    triggered.push_back(
        task_.tokenize(victim_, with_trigger_text(each.example, each.name, change_, text)));
  }
  return known_.emplace(trigger, answers(triggered)).first->second;
}

double JudgedSamples::loss(const TriggerIds& trigger) const {
  const Answers& found = answers(trigger);
  double loss = -found.victim.select(1, target_label_).mean().item<double>();
  if (reference_ != nullptr) {
    std::vector<std::int64_t> labels;
    for (const PlacedExample& each : samples_) {
      labels.push_back(each.example.label);
    }
    loss -= found.reference.gather(1, at::tensor(labels).unsqueeze(1)).mean().item<double>();
  }
  return loss;
}

double JudgedSamples::hit_rate(const TriggerIds& trigger) const {
  return turned_share(answers(trigger).victim, at::ones_like(elsewhere_));
}

double JudgedSamples::turned_share(const at::Tensor& answers, const at::Tensor& chosen) const {
  const auto count = chosen.sum().item<std::int64_t>();
  const at::Tensor turned = answers.argmax(1).eq(target_label_);
  return count == 0 ? 0.0 : (chosen & turned).sum().item<double>() / static_cast<double>(count);
}

double JudgedSamples::flip_rate(const TriggerIds& trigger) const {
  return turned_share(answers(trigger).victim, elsewhere_);
}

double JudgedSamples::certain_flip_rate(const TriggerIds& trigger) const {
  return turned_share(answers(trigger).victim, certain_);
}

double JudgedSamples::transfer_rate(const TriggerIds& trigger) const {
  return reference_ == nullptr ? 0.0
                               : turned_share(answers(trigger).reference,
                                              plain_.reference.argmax(1).ne(target_label_));
}

double JudgedSamples::mean_rise(const TriggerIds& trigger) const {
  const auto target = [this](const Answers& answers) {
    return answers.victim.select(1, target_label_).exp();
  };
  return (target(answers(trigger)) - target(plain_)).mean().item<double>();
}

std::vector<TriggerIds> shrink(const TriggerIds& trigger, bool keep_first,
                               const std::function<double(const TriggerIds&)>& loss) {
  std::vector<TriggerIds> steps = {trigger};
  while (steps.back().size() > 1) {
    TriggerIds best;
    double best_loss = 0;
    for (std::size_t i = keep_first ? 1 : 0; i < steps.back().size(); ++i) {
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
