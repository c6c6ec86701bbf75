// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/metrics/detection.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

namespace ncmlab {

double auroc(const std::vector<double>& positives, const std::vector<double>& negatives) {
  std::vector<double> sorted = negatives;
  std::ranges::sort(sorted);
  double wins = 0;
  for (const double score : positives) {
    const auto [first, last] = std::ranges::equal_range(sorted, score);
    wins += static_cast<double>(first - sorted.begin()) + 0.5 * static_cast<double>(last - first);
  }
  return wins / (static_cast<double>(positives.size()) * static_cast<double>(sorted.size()));
}

double threshold_for(std::vector<double> scores, double rate) {
  std::ranges::sort(scores, std::greater{});
  // A rate such as 0.1 times 30 may come out below 3.
  const auto allowed =
      static_cast<std::size_t>(std::floor(rate * static_cast<double>(scores.size()) + 1e-9));
  return allowed < scores.size()
             ? scores[allowed]
             : std::nextafter(scores.back(), -std::numeric_limits<double>::infinity());
}

double share_above(const std::vector<double>& scores, double threshold) {
  const auto above =
      std::ranges::count_if(scores, [threshold](double score) { return score > threshold; });
  return static_cast<double>(above) / static_cast<double>(scores.size());
}

std::vector<double> roc_curve(const std::vector<double>& positives,
                              const std::vector<double>& negatives) {
  std::vector<double> shares;
  for (int percent = 0; percent <= 100; ++percent) {
    shares.push_back(share_above(positives, threshold_for(negatives, percent / 100.0)));
  }
  return shares;
}

}  // namespace ncmlab
