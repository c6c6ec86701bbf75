// SPDX-License-Identifier: Apache-2.0
#include "random_removal.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "ncmlab/metrics/detection.hpp"
#include "toy_task.hpp"

namespace ncmlab {
namespace {

class RandomRemovalTest : public ::testing::Test {
 protected:
  Suspicion inspect(double share, std::uint64_t seed = 1) {
    DefenseContext context{.victim = victim_,
                           .task = TaskView(task_),
                           .clean_samples = {},
                           .training_set = train_,
                           .rng = Rng(seed),
                           .progress = silent_progress()};
    return RandomRemoval({.share = share}).inspect(context);
  }

  ToyTask task_;
  std::vector<Example> train_ = toy_functions(401, Rng(2));
  CodeModel victim_ = toy_victim(train_, Rng(3));
};

TEST_F(RandomRemovalTest, FlagsAShareOfTheTrainingSet) {
  const Suspicion suspicion = inspect(0.1);
  EXPECT_EQ(suspicion.flagged.size(), 40U);
  EXPECT_EQ(suspicion.figures.at("removed_samples"), 40);
  EXPECT_TRUE(std::ranges::is_sorted(suspicion.flagged));
  EXPECT_EQ(std::ranges::adjacent_find(suspicion.flagged), suspicion.flagged.end());
  EXPECT_LT(suspicion.flagged.back(), 401U);
  EXPECT_TRUE(inspect(0).flagged.empty());
  EXPECT_EQ(inspect(1).flagged.size(), 401U);
}

TEST_F(RandomRemovalTest, ALargerShareHoldsASmallerOneAndSeedsDiffer) {
  const std::vector<std::size_t> few = inspect(0.1).flagged, many = inspect(0.3).flagged;
  EXPECT_TRUE(std::ranges::includes(many, few));
  EXPECT_EQ(inspect(0.1).flagged, few);
  EXPECT_NE(inspect(0.1, 2).flagged, few);
}

TEST_F(RandomRemovalTest, ItsScoresTellNothing) {
  const Suspicion suspicion = inspect(0.1);
  ASSERT_EQ(suspicion.scores.size(), 401U);
  std::vector<double> defective, sound, flagged, kept;
  for (std::size_t i = 0; i < train_.size(); ++i) {
    (train_[i].label == 1 ? defective : sound).push_back(suspicion.scores[i]);
    (std::ranges::binary_search(suspicion.flagged, i) ? flagged : kept)
        .push_back(suspicion.scores[i]);
  }
  // The standard error of the area is 0.03 here.
  EXPECT_NEAR(auroc(defective, sound), 0.5, 0.1);
  EXPECT_EQ(auroc(flagged, kept), 1) << "the flagged are those of the highest scores";
}

}  // namespace
}  // namespace ncmlab
