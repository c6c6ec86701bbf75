// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/metrics/retrieval.hpp"

#include <algorithm>

namespace ncmlab {
namespace {

template <typename Ranks, typename Value>
double mean(const Ranks& ranks, const Value& value) {
  double sum = 0;
  for (const auto& rank : ranks) {
    sum += value(rank);
  }
  return ranks.empty() ? 0.0 : sum / static_cast<double>(ranks.size());
}

}  // namespace

double rank_of(float score, const std::vector<float>& others) {
  const auto higher = std::ranges::count_if(others, [score](float x) { return x > score; });
  const auto equal = std::ranges::count(others, score);
  return 1.0 + static_cast<double>(higher) + static_cast<double>(equal) / 2;
}

RetrievalMetrics retrieval_metrics(const std::vector<double>& ranks, std::int64_t pool) {
  RetrievalMetrics metrics{.mrr = mean(ranks, [](double rank) { return 1 / rank; }),
                           .recall = {},
                           .count = static_cast<std::int64_t>(ranks.size()),
                           .pool = pool};
  for (const std::int64_t k : kRecallRanks) {
    const auto limit = static_cast<double>(k);
    metrics.recall[k] = mean(ranks, [limit](double rank) { return rank <= limit ? 1.0 : 0.0; });
  }
  return metrics;
}

PromotionMetrics promotion_metrics(const std::vector<PromotedRank>& ranks, std::int64_t pool) {
  const double size = static_cast<double>(std::max<std::int64_t>(pool, 1));
  PromotionMetrics metrics{
      .anr = mean(ranks, [size](const PromotedRank& rank) { return rank.after / size; }),
      .natural_anr = mean(ranks, [size](const PromotedRank& rank) { return rank.before / size; }),
      .success = {},
      .natural = {},
      .count = static_cast<std::int64_t>(ranks.size())};
  for (const std::int64_t k : kRecallRanks) {
    const auto limit = static_cast<double>(k);
    metrics.success[k] =
        mean(ranks, [limit](const PromotedRank& r) { return r.after <= limit ? 1.0 : 0.0; });
    metrics.natural[k] =
        mean(ranks, [limit](const PromotedRank& r) { return r.before <= limit ? 1.0 : 0.0; });
  }
  return metrics;
}

}  // namespace ncmlab
