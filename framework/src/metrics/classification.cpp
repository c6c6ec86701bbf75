// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/metrics/classification.hpp"

#include <map>
#include <string>

#include "ncmlab/core/diagnostic.hpp"

namespace ncmlab {
namespace {

/// 0 for an empty denominator: a rate over nothing is reported together with its count.
double rate(std::int64_t part, std::int64_t whole) {
  return whole == 0 ? 0.0 : static_cast<double>(part) / static_cast<double>(whole);
}

}  // namespace

ClassificationMetrics classification_metrics(const std::vector<std::int64_t>& predicted,
                                             const std::vector<std::int64_t>& labels,
                                             std::int64_t positive_label) {
  if (predicted.size() != labels.size()) {
    throw Error("metrics.sizes-differ", "expected one prediction per label, found " +
                                            std::to_string(predicted.size()) + " predictions and " +
                                            std::to_string(labels.size()) + " labels");
  }
  std::int64_t correct = 0, predicted_positive = 0, labelled_positive = 0, true_positive = 0;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    correct += predicted[i] == labels[i];
    predicted_positive += predicted[i] == positive_label;
    labelled_positive += labels[i] == positive_label;
    true_positive += predicted[i] == positive_label && labels[i] == positive_label;
  }
  const auto count = static_cast<std::int64_t>(labels.size());
  return ClassificationMetrics{
      .accuracy = rate(correct, count),
      .precision = rate(true_positive, predicted_positive),
      .recall = rate(true_positive, labelled_positive),
      .f1 = rate(2 * true_positive, predicted_positive + labelled_positive),
      .count = count};
}

AttackMetrics attack_metrics(const std::vector<TriggeredOutcome>& outcomes) {
  std::int64_t hits = 0, natural = 0, correct = 0, flips = 0, fixed = 0, fixed_flips = 0,
               controls = 0, control_hits = 0, clean_controls = 0, control_natural = 0;
  for (const TriggeredOutcome& outcome : outcomes) {
    const bool hit = outcome.triggered_prediction == outcome.target_label;
    const bool was_correct = outcome.clean_prediction == outcome.victim_label;
    const bool is_in_fixed_set = outcome.undefended_prediction == outcome.victim_label;
    hits += hit;
    natural += outcome.clean_prediction == outcome.target_label;
    correct += was_correct;
    flips += was_correct && hit;
    fixed += is_in_fixed_set;
    fixed_flips += is_in_fixed_set && hit;
    controls += outcome.control_prediction.has_value();
    control_hits += outcome.control_prediction == outcome.target_label;
    clean_controls += outcome.control_clean_prediction.has_value();
    control_natural += outcome.control_clean_prediction == outcome.target_label;
  }
  const auto count = static_cast<std::int64_t>(outcomes.size());
  AttackMetrics metrics{.attack_success_rate = rate(hits, count),
                        .natural_rate = rate(natural, count),
                        .flip_rate = rate(flips, correct),
                        .fixed_flip_rate = rate(fixed_flips, fixed),
                        .transfer_rate = {},
                        .transfer_natural_rate = {},
                        .count = count,
                        .flip_count = correct,
                        .fixed_flip_count = fixed};
  if (controls > 0) {
    metrics.transfer_rate = rate(control_hits, controls);
  }
  if (clean_controls > 0) {
    metrics.transfer_natural_rate = rate(control_natural, clean_controls);
  }
  return metrics;
}

RecoveryMetrics recovery_metrics(const std::vector<std::int64_t>& recovered,
                                 const std::vector<std::int64_t>& truth) {
  std::map<std::int64_t, std::int64_t> left;
  for (const std::int64_t id : truth) {
    ++left[id];
  }
  std::int64_t common = 0;
  for (const std::int64_t id : recovered) {
    const auto found = left.find(id);
    if (found != left.end() && found->second > 0) {
      --found->second;
      ++common;
    }
  }
  return RecoveryMetrics{.precision = rate(common, static_cast<std::int64_t>(recovered.size())),
                         .recall = rate(common, static_cast<std::int64_t>(truth.size()))};
}

}  // namespace ncmlab
