// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/metrics/detection.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace ncmlab {
namespace {

TEST(DetectionTest, AurocCountsPairs) {
  EXPECT_EQ(auroc({2, 3}, {0, 1}), 1);
  EXPECT_EQ(auroc({0, 1}, {2, 3}), 0);
  EXPECT_EQ(auroc({1, 1}, {1, 1, 1}), 0.5);
  // Of the six pairs (3, 1), (3, 2) and (1.5, 1) are won, and half of (3, 3).
  EXPECT_DOUBLE_EQ(auroc({3, 1.5}, {1, 2, 3}), (2.5 + 1) / 6);
}

TEST(DetectionTest, TheThresholdKeepsTheRate) {
  std::vector<double> scores;
  for (int i = 0; i < 30; ++i) {
    scores.push_back((i * 7) % 30);
  }
  for (const double rate : {0.0, 0.01, 0.05, 0.1, 0.5, 0.99, 1.0}) {
    const double threshold = threshold_for(scores, rate);
    EXPECT_LE(share_above(scores, threshold), rate + 1e-12) << rate;
    EXPECT_TRUE(rate == 1 || share_above(scores, threshold - 1) > rate)
        << rate << ": a lower one flags too many";
  }
  EXPECT_EQ(share_above(scores, threshold_for(scores, 0.1)), 0.1);
  EXPECT_EQ(share_above(scores, threshold_for(scores, 1)), 1);
}

TEST(DetectionTest, TheRocCurveHasAPlaceForEachPercent) {
  std::vector<double> negatives;
  for (int i = 0; i < 100; ++i) {
    negatives.push_back(i);
  }
  const std::vector<double> curve = roc_curve({99.5, 97.5, 50, -1}, negatives);
  ASSERT_EQ(curve.size(), 101U);
  EXPECT_EQ(curve[0], 0.25) << "above all negatives";
  EXPECT_EQ(curve[1], 0.25);
  EXPECT_EQ(curve[2], 0.5) << "97.5 exceeds all but two";
  EXPECT_EQ(curve[49], 0.5);
  EXPECT_EQ(curve[50], 0.75);
  EXPECT_EQ(curve[100], 0.75) << "-1 exceeds no negative";
  EXPECT_TRUE(std::ranges::is_sorted(curve));
}

TEST(DetectionTest, OfEqualScoresNoneIsFlaggedRatherThanTooMany) {
  EXPECT_EQ(threshold_for({1, 1, 1, 1}, 0.5), 1);
  EXPECT_EQ(share_above({1, 1, 1, 1}, 1), 0);
  EXPECT_EQ(threshold_for({4, 1, 1, 1}, 0.5), 1);
}

}  // namespace
}  // namespace ncmlab
