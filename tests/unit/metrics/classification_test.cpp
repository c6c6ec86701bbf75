// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/metrics/classification.hpp"

#include <gtest/gtest.h>

#include "error_of.hpp"

namespace ncmlab {
namespace {

TEST(ClassificationMetricsTest, CountsByHand) {
  // Positive label 1: three predicted, four labelled, two of them in common.
  const ClassificationMetrics metrics =
      classification_metrics({1, 1, 1, 0, 0, 0, 0, 0}, {1, 1, 0, 1, 1, 0, 0, 0}, 1);
  EXPECT_EQ(metrics.count, 8);
  EXPECT_DOUBLE_EQ(metrics.accuracy, 5.0 / 8);
  EXPECT_DOUBLE_EQ(metrics.precision, 2.0 / 3);
  EXPECT_DOUBLE_EQ(metrics.recall, 2.0 / 4);
  EXPECT_DOUBLE_EQ(metrics.f1, 4.0 / 7);
}

TEST(ClassificationMetricsTest, PositiveLabelChoosesTheClass) {
  const ClassificationMetrics metrics = classification_metrics({0, 2, 2}, {0, 2, 0}, 2);
  EXPECT_DOUBLE_EQ(metrics.precision, 0.5);
  EXPECT_DOUBLE_EQ(metrics.recall, 1.0);
  EXPECT_DOUBLE_EQ(metrics.accuracy, 2.0 / 3);
}

TEST(ClassificationMetricsTest, NothingPredictedPositiveGivesZeroes) {
  const ClassificationMetrics metrics = classification_metrics({0, 0}, {1, 0}, 1);
  EXPECT_EQ(metrics.precision, 0);
  EXPECT_EQ(metrics.recall, 0);
  EXPECT_EQ(metrics.f1, 0);
  EXPECT_DOUBLE_EQ(metrics.accuracy, 0.5);
}

TEST(ClassificationMetricsTest, EmptySetGivesZeroes) {
  const ClassificationMetrics metrics = classification_metrics({}, {}, 1);
  EXPECT_EQ(metrics.count, 0);
  EXPECT_EQ(metrics.accuracy, 0);
  EXPECT_EQ(metrics.f1, 0);
}

TEST(ClassificationMetricsTest, RejectsUnequalSizes) {
  EXPECT_EQ(code_of([] { classification_metrics({1}, {1, 0}, 1); }), "metrics.sizes-differ");
}

TEST(AttackMetricsTest, CountsByHand) {
  const AttackMetrics metrics =
      attack_metrics({{.clean_prediction = 1, .triggered_prediction = 0},
                      {.clean_prediction = 1, .triggered_prediction = 1},
                      {.clean_prediction = 1, .triggered_prediction = 0},
                      {.clean_prediction = 0, .triggered_prediction = 0},
                      {.clean_prediction = 0, .triggered_prediction = 1}});
  EXPECT_EQ(metrics.count, 5);
  EXPECT_EQ(metrics.flip_count, 3);
  EXPECT_DOUBLE_EQ(metrics.attack_success_rate, 3.0 / 5);
  EXPECT_DOUBLE_EQ(metrics.natural_rate, 2.0 / 5);
  EXPECT_DOUBLE_EQ(metrics.flip_rate, 2.0 / 3);
}

TEST(AttackMetricsTest, TheFixedSetIsTheUndefendedVictims) {
  const AttackMetrics metrics = attack_metrics(
      {{.clean_prediction = 0, .triggered_prediction = 0, .undefended_prediction = 1},
       {.clean_prediction = 1, .triggered_prediction = 1, .undefended_prediction = 1},
       {.clean_prediction = 1, .triggered_prediction = 0}});
  EXPECT_EQ(metrics.flip_count, 2);
  EXPECT_DOUBLE_EQ(metrics.flip_rate, 1.0 / 2);
  EXPECT_EQ(metrics.fixed_flip_count, 2);
  EXPECT_DOUBLE_EQ(metrics.fixed_flip_rate, 1.0 / 2);
  EXPECT_FALSE(metrics.transfer_rate);
  EXPECT_FALSE(metrics.transfer_natural_rate);
}

TEST(AttackMetricsTest, TransferCountsTheHitsOfTheControl) {
  const AttackMetrics metrics =
      attack_metrics({{.control_prediction = 0, .control_clean_prediction = 0},
                      {.control_prediction = 1, .control_clean_prediction = 1},
                      {.control_prediction = 1, .control_clean_prediction = 1},
                      {.control_prediction = 0, .control_clean_prediction = 1}});
  EXPECT_DOUBLE_EQ(metrics.transfer_rate.value(), 0.5);
  EXPECT_DOUBLE_EQ(metrics.transfer_natural_rate.value(), 0.25);
}

TEST(AttackMetricsTest, ThirdClassIsNeitherCorrectNorHit) {
  const AttackMetrics metrics =
      attack_metrics({{.clean_prediction = 2, .triggered_prediction = 0},
                      {.clean_prediction = 1, .triggered_prediction = 2}});
  EXPECT_DOUBLE_EQ(metrics.attack_success_rate, 0.5);
  EXPECT_EQ(metrics.natural_rate, 0);
  EXPECT_EQ(metrics.flip_count, 1);
  EXPECT_EQ(metrics.flip_rate, 0);
}

TEST(AttackMetricsTest, NoOutcomesGiveZeroes) {
  const AttackMetrics metrics = attack_metrics({});
  EXPECT_EQ(metrics.count, 0);
  EXPECT_EQ(metrics.attack_success_rate, 0);
  EXPECT_EQ(metrics.flip_rate, 0);
}

TEST(RecoveryMetricsTest, ComparesMultisets) {
  const RecoveryMetrics metrics = recovery_metrics({5, 5, 9, 7}, {7, 5, 8});
  EXPECT_DOUBLE_EQ(metrics.precision, 2.0 / 4);
  EXPECT_DOUBLE_EQ(metrics.recall, 2.0 / 3);
}

TEST(RecoveryMetricsTest, NothingRecoveredGivesZeroes) {
  const RecoveryMetrics metrics = recovery_metrics({}, {7});
  EXPECT_EQ(metrics.precision, 0);
  EXPECT_EQ(metrics.recall, 0);
}

}  // namespace
}  // namespace ncmlab
