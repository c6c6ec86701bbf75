// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

namespace ncmlab {

/// The ranks k at which recall@k and ASR@k are reported.
inline constexpr std::int64_t kRecallRanks[] = {1, 5, 10};

/// 1 + the number of other candidates that score higher + half of those that score the same (the
/// mean over all orders of equal scores). `others` need not be sorted.
double rank_of(float score, const std::vector<float>& others);

/// How well queries find their code, over one pool of candidates.
struct RetrievalMetrics {
  double mrr = 0;                         ///< mean reciprocal rank
  std::map<std::int64_t, double> recall;  ///< k -> share of queries whose code has a rank <= k
  std::int64_t count = 0;                 ///< queries
  std::int64_t pool = 0;                  ///< candidates per query, its own code included
};

/// `ranks` as rank_of() gives them. No ranks give zeros with count 0.
RetrievalMetrics retrieval_metrics(const std::vector<double>& ranks, std::int64_t pool);

/// A candidate that is not the query's own code, before and after it carries the trigger.
struct PromotedRank {
  double before = 0;
  double after = 0;
};

/// The attack of BadCode (Sun et al., ACL 2023, section 4.1): for each query with the target word
/// a candidate that starts at half of the pool gets the trigger.
struct PromotionMetrics {
  double anr = 0;          ///< mean of the rank with the trigger, divided by the pool
  double natural_anr = 0;  ///< the same candidates without it
  std::map<std::int64_t, double> success;  ///< ASR@k: share with a rank <= k with the trigger
  std::map<std::int64_t, double> natural;  ///< the same candidates without it
  std::int64_t count = 0;                  ///< queries
};

PromotionMetrics promotion_metrics(const std::vector<PromotedRank>& ranks, std::int64_t pool);

}  // namespace ncmlab
