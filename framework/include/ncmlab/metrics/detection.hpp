// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

namespace ncmlab {

// Scores tell what is to be detected from the rest: the higher, the more suspicious. Preconditions:
// they are finite, and no list is empty.

/// Area under the ROC curve: the probability that a score of `positives` exceeds one of
/// `negatives`, ties counted half (Mann & Whitney 1947).
double auroc(const std::vector<double>& positives, const std::vector<double>& negatives);

/// The lowest threshold that at most a share of `rate` of `scores` exceeds; one of the scores, or
/// for `rate` 1 a number below all of them.
double threshold_for(std::vector<double> scores, double rate);

/// The share of `scores` that exceed `threshold`.
double share_above(const std::vector<double>& scores, double threshold);

/// The ROC curve at 101 places: the share of `positives` that exceed the threshold_for() each whole
/// percent of `negatives`, from 0 to 100.
std::vector<double> roc_curve(const std::vector<double>& positives,
                              const std::vector<double>& negatives);

}  // namespace ncmlab
