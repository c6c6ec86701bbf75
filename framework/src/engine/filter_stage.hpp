// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "engine/stage_kind.hpp"

namespace ncmlab {

/// Lets an input filter judge the test samples, without and with the attack's trigger, before a
/// victim. Its threshold is set on half of the clean samples, which it was not fitted to. Leaves
/// `filter.json`.
extern const StageKind kFilterStage;

/// What a filter made of samples.
struct FilteredSamples {
  static constexpr std::int64_t kRejected = -1;

  std::vector<double> scores;  ///< of each
  /// Of those whose score exceeds the threshold, in their order: kRejected, or what the victim
  /// answers to the cleaned sample.
  std::vector<std::int64_t> answers;
};

struct FilterReport {
  double false_rejection_rate = 0;  ///< that it aims at, also with a threshold of its own
  double threshold = 0;
  std::vector<double> clean;  ///< scores of the samples that it was set on
  FilteredSamples test;
  FilteredSamples triggered;  ///< empty without a trigger
};
FilterReport read_filter(const Made& made);

/// The answers of the filtered system, of the victim's own.
std::vector<std::int64_t> filtered(std::vector<std::int64_t> labels, const FilteredSamples& samples,
                                   double threshold);

}  // namespace ncmlab
