// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/metrics/retrieval.hpp"

#include <gtest/gtest.h>

namespace ncmlab {
namespace {

TEST(RankOfTest, CountsHigherScoresAndHalfOfTheEqualOnes) {
  EXPECT_EQ(rank_of(0.5F, {}), 1);
  EXPECT_EQ(rank_of(0.5F, {0.1F, 0.9F, 0.4F}), 2);
  EXPECT_EQ(rank_of(0.5F, {0.5F, 0.5F, 0.9F, 0.1F}), 3);
  // An encoder that gives all texts one vector knows nothing.
  EXPECT_EQ(rank_of(1.0F, std::vector<float>(998, 1.0F)), 500);
}

TEST(RetrievalMetricsTest, CountsByHand) {
  const RetrievalMetrics metrics = retrieval_metrics({1, 2, 4, 10, 50}, 100);
  EXPECT_DOUBLE_EQ(metrics.mrr, (1 + 0.5 + 0.25 + 0.1 + 0.02) / 5);
  EXPECT_DOUBLE_EQ(metrics.recall.at(1), 0.2);
  EXPECT_DOUBLE_EQ(metrics.recall.at(5), 0.6);
  EXPECT_DOUBLE_EQ(metrics.recall.at(10), 0.8);
  EXPECT_EQ(metrics.count, 5);
  EXPECT_EQ(metrics.pool, 100);
  EXPECT_EQ(retrieval_metrics({}, 0).mrr, 0);
}

TEST(PromotionMetricsTest, CountsByHand) {
  const PromotionMetrics metrics =
      promotion_metrics({{.before = 50, .after = 1}, {.before = 51, .after = 20}}, 100);
  EXPECT_DOUBLE_EQ(metrics.anr, 0.105);
  EXPECT_DOUBLE_EQ(metrics.natural_anr, 0.505);
  EXPECT_DOUBLE_EQ(metrics.success.at(1), 0.5);
  EXPECT_DOUBLE_EQ(metrics.success.at(10), 0.5);
  EXPECT_DOUBLE_EQ(metrics.natural.at(10), 0);
  EXPECT_EQ(metrics.count, 2);
  EXPECT_EQ(promotion_metrics({}, 0).count, 0);
}

}  // namespace
}  // namespace ncmlab
