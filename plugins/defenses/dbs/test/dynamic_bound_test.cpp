// SPDX-License-Identifier: Apache-2.0
// The schedule of temperature and barrier against steps worked out by hand from Algorithm 1.
#include "dynamic_bound.hpp"

#include <gtest/gtest.h>
#include <torch/types.h>

#include <vector>

#include "soft_trigger.hpp"

namespace ncmlab::dbs {
namespace {

constexpr double kDiscrete = 0.0005;  ///< less than the tolerance of 0.001
constexpr double kMixed = 1.0;

/// `count` epochs of one loss, from `epoch` on; how many had noise.
int run(DynamicBound& bound, std::int64_t& epoch, int count, double loss, double lack = kMixed) {
  int with_noise = 0;
  for (int i = 0; i < count; ++i) {
    with_noise += bound.start_epoch(epoch++) ? 1 : 0;
    bound.end_epoch(loss, lack);
  }
  return with_noise;
}

TEST(DynamicBoundTest, LeavesTheTemperatureUntilALossReachesTheBarrier) {
  DynamicBound bound({});
  std::int64_t epoch = 0;
  EXPECT_EQ(run(bound, epoch, 20, 0.5), 0);
  EXPECT_EQ(bound.temperature(), 2);
  EXPECT_EQ(bound.barrier(), 0.1);
}

TEST(DynamicBoundTest, HalvesTheTemperatureEveryFiveEpochsBelowTheBarrier) {
  DynamicBound bound({});
  std::int64_t epoch = 0;
  run(bound, epoch, 5, 0.05);
  EXPECT_EQ(bound.temperature(), 2) << "epoch 0 had no loss to go by";
  EXPECT_EQ(run(bound, epoch, 1, 0.05), 0);
  EXPECT_EQ(bound.temperature(), 1);
  run(bound, epoch, 4, 0.05);
  EXPECT_EQ(bound.temperature(), 1);
  run(bound, epoch, 1, 0.05);
  EXPECT_EQ(bound.temperature(), 0.5);
}

TEST(DynamicBoundTest, RollsBackWithNoiseWhereTheLossIsNotBelowTheBarrier) {
  DynamicBound bound({});
  std::int64_t epoch = 0;
  run(bound, epoch, 16, 0.05);
  EXPECT_EQ(bound.temperature(), 0.25);
  run(bound, epoch, 4, 0.3);
  EXPECT_EQ(run(bound, epoch, 1, 0.3), 1);
  EXPECT_EQ(bound.temperature(), 0.5);
  EXPECT_EQ(run(bound, epoch, 4, 0.3), 0) << "noise is for the epoch of the check alone";
  run(bound, epoch, 15, 0.3);
  EXPECT_EQ(bound.temperature(), 2);
  run(bound, epoch, 5, 0.3);
  EXPECT_EQ(bound.temperature(), 2) << "never hotter than at the start";
}

TEST(DynamicBoundTest, TakesATriggerThatIsNearlyOneHotAndNotAboveTheBarrier) {
  DynamicBound bound({});
  EXPECT_FALSE(bound.end_epoch(0.05, 0.001)) << "the tolerance itself is too much";
  EXPECT_FALSE(bound.end_epoch(0.11, kDiscrete));
  EXPECT_EQ(bound.barrier(), 0.1);
  EXPECT_TRUE(bound.end_epoch(0.1, kDiscrete));
  EXPECT_EQ(bound.barrier(), 0.05) << "half of its loss";
  EXPECT_FALSE(bound.end_epoch(0.06, kDiscrete));
  EXPECT_TRUE(bound.end_epoch(0.02, kDiscrete));
  EXPECT_EQ(bound.barrier(), 0.01);
}

TEST(DynamicBoundTest, RelaxesTheBarrierAfterFiveFailures) {
  DynamicBound bound({});
  std::int64_t epoch = 0;
  run(bound, epoch, 1, 0.05);  // scaling starts
  EXPECT_EQ(run(bound, epoch, 24, 0.3), 4) << "at epochs 5, 10, 15 and 20";
  EXPECT_EQ(bound.barrier(), 0.1);
  EXPECT_EQ(run(bound, epoch, 1, 0.3), 1);
  EXPECT_EQ(bound.barrier(), 0.1) << "relaxed in the epoch after the fifth";
  run(bound, epoch, 1, 0.3);
  EXPECT_EQ(bound.barrier(), 0.2) << "nothing was found that it must stay below";
}

TEST(DynamicBoundTest, KeepsARelaxedBarrierBelowTheBestLoss) {
  DynamicBound bound({});
  std::int64_t epoch = 0;
  run(bound, epoch, 1, 0.04, kDiscrete);
  EXPECT_EQ(bound.barrier(), 0.02);
  run(bound, epoch, 26, 0.3);
  EXPECT_DOUBLE_EQ(bound.barrier(), 0.039) << "not 0.04: that was reached already";
}

TEST(DynamicBoundTest, HasNothingLeftToFindBelowABestLossOfAThousandth) {
  DynamicBound bound({});
  std::int64_t epoch = 0;
  run(bound, epoch, 1, 0.0004, kDiscrete);
  EXPECT_EQ(bound.barrier(), 0.0002);
  run(bound, epoch, 26, 0.0003);
  EXPECT_DOUBLE_EQ(bound.barrier(), -0.0006) << "0.0004 less 0.001, as in the published code";
  EXPECT_FALSE(bound.end_epoch(0, kDiscrete)) << "no loss is low enough";
  EXPECT_EQ(run(bound, epoch, 10, 0), 2) << "noise at every look";
  EXPECT_EQ(bound.temperature(), 2);
}

TEST(DynamicBoundTest, CountsFailuresAnewAfterABestTrigger) {
  DynamicBound bound({});
  std::int64_t epoch = 0;
  run(bound, epoch, 1, 0.05);
  run(bound, epoch, 24, 0.3);             // four failures
  run(bound, epoch, 1, 0.08, kDiscrete);  // the fifth, and a best trigger
  EXPECT_EQ(bound.barrier(), 0.04);
  run(bound, epoch, 15, 0.3);
  EXPECT_EQ(bound.barrier(), 0.04) << "three failures since";
}

TEST(TokenWeightsTest, AreASoftmaxOfTemperedLogitsAndNoise) {
  // e^1 / (e^1 + e^0) and e^2 / (e^2 + e^0).
  const at::Tensor logits = torch::tensor({{2.0, 0.0}}, torch::kFloat64);
  EXPECT_NEAR(token_weights(logits, 2, {})[0][0].item<double>(), 0.7310585786, 1e-9);
  EXPECT_NEAR(token_weights(logits, 1, {})[0][0].item<double>(), 0.8807970780, 1e-9);
  // The noise is not divided by the temperature: 2 / 2 + 0 against 0 / 2 + 3.
  const at::Tensor noise = torch::tensor({{0.0, 3.0}}, torch::kFloat64);
  EXPECT_NEAR(token_weights(logits, 2, noise)[0][1].item<double>(), 0.8807970780, 1e-9);
}

}  // namespace
}  // namespace ncmlab::dbs
