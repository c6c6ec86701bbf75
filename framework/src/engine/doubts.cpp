// SPDX-License-Identifier: Apache-2.0
#include "engine/doubts.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>

#include "ncmlab/core/number_text.hpp"

namespace ncmlab {
namespace {

/// How many standard deviations a figure must be above chance to be told from it.
constexpr double kDeviations = 2;

std::string percent(double share) { return fixed_decimals(100 * share, 1) + " %"; }

std::int64_t largest(const std::map<std::int64_t, std::int64_t>& counts) {
  std::int64_t most = 0;
  for (const auto& [label, count] : counts) {
    most = std::max(most, count);
  }
  return most;
}

/// Empty, or what makes accuracy and every rate of the cell meaningless.
std::string doubt_about_classes(const CellRecord& record) {
  std::map<std::int64_t, std::int64_t> labels, answers;
  for (const SampleOutcome& outcome : record.outcomes) {
    ++labels[outcome.label];
    ++answers[outcome.prediction];
  }
  const auto samples = std::ssize(record.outcomes);
  const std::string all = "all " + std::to_string(samples) + " test samples";
  if (labels.size() == 1) {
    return all + " are of one class, label " + std::to_string(labels.begin()->first);
  }
  if (answers.size() == 1) {
    return all + " are predicted as one class, label " + std::to_string(answers.begin()->first);
  }
  const double majority = static_cast<double>(largest(labels)) / static_cast<double>(samples);
  if (record.clean.accuracy <= majority) {
    return "an accuracy of " + percent(record.clean.accuracy) +
           " is not above the share of the most frequent class, " + percent(majority);
  }
  return {};
}

/// A trigger that turns hardly more samples to the target than it turns away from it: the sign test
/// on the samples whose prediction it changes.
std::string doubt_about_trigger(const CellRecord& record) {
  double turned = 0, turned_away = 0;
  for (const SampleOutcome& outcome : record.outcomes) {
    for (const TriggeredPrediction& triggered : outcome.triggered) {
      const bool before = outcome.prediction == triggered.target_label;
      const bool after = triggered.prediction == triggered.target_label;
      turned += after && !before ? 1 : 0;
      turned_away += before && !after ? 1 : 0;
    }
  }
  if (turned - turned_away > kDeviations * std::sqrt(turned + turned_away)) {
    return {};
  }
  const AttackMetrics& metrics = *record.attack_metrics;
  return "an ASR of " + percent(metrics.attack_success_rate) +
         " cannot be told from the natural rate of " + percent(metrics.natural_rate) + " (" +
         std::to_string(metrics.count) + " samples)";
}

/// A search that ranks no better than a random order.
std::string doubt_about_search(const RetrievalMetrics& metrics) {
  double mean = 0, mean_of_squares = 0;
  for (std::int64_t rank = 1; rank <= metrics.pool; ++rank) {
    const double reciprocal = 1.0 / static_cast<double>(rank);
    mean += reciprocal / static_cast<double>(metrics.pool);
    mean_of_squares += reciprocal * reciprocal / static_cast<double>(metrics.pool);
  }
  const double deviation =
      std::sqrt((mean_of_squares - mean * mean) / static_cast<double>(metrics.count));
  if (metrics.mrr > mean + kDeviations * deviation) {
    return {};
  }
  return "an MRR of " + fixed_decimals(metrics.mrr, 4) + " cannot be told from a random order's " +
         fixed_decimals(mean, 4);
}

}  // namespace

std::vector<std::string> doubts(const CellRecord& record) {
  std::vector<std::string> result;
  const auto add = [&](std::string doubt) {
    if (!doubt.empty()) {
      result.push_back(std::move(doubt));
    }
  };
  if (!record.measured()) {
    return result;
  }
  if (record.retrieval && record.retrieval->count > 0) {
    add(doubt_about_search(*record.retrieval));
  }
  if (!record.outcomes.empty()) {
    add(doubt_about_classes(record));
  }
  // A defense may well bring the ASR down to the natural rate.
  const bool is_undefended = record.defense == "none";
  if (result.empty() && is_undefended && record.attack_metrics && !record.outcomes.empty()) {
    add(doubt_about_trigger(record));
  }
  return result;
}

}  // namespace ncmlab
