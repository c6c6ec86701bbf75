// SPDX-License-Identifier: Apache-2.0
#include "cube.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ncmlab/analysis/hdbscan.hpp"
#include "ncmlab/metrics/detection.hpp"
#include "ncmlab/train/trainer.hpp"
#include "toy_task.hpp"

namespace ncmlab {
namespace {

using testing::DoubleEq;
using testing::ElementsAre;

TEST(CubeTest, KeepsTheLargestClusterOfEachLabel) {
  // Label 0: clusters 0 (3 samples) and 1 (2); label 1: cluster 1 (2) and noise (1).
  const std::vector<std::int64_t> clusters = {0, 1, 0, 1, 0, 1, kNoise, 1};
  const std::vector<std::int64_t> labels = {0, 0, 0, 0, 0, 1, 1, 1};
  const OddClusters odd = odd_clusters(clusters, labels, true);
  EXPECT_THAT(odd.flagged, ElementsAre(1, 3, 6));
  EXPECT_THAT(odd.scores,
              ElementsAre(DoubleEq(0.4), DoubleEq(0.6), DoubleEq(0.4), DoubleEq(0.6), DoubleEq(0.4),
                          DoubleEq(1.0 / 3), DoubleEq(2.0 / 3), DoubleEq(1.0 / 3)));
  const OddClusters kept = odd_clusters(clusters, labels, false);
  EXPECT_THAT(kept.flagged, ElementsAre(1, 3));
  EXPECT_EQ(kept.scores[6], 0);
}

TEST(CubeTest, KeepsHalvesAndWhatIsAlone) {
  EXPECT_TRUE(odd_clusters({0, 0, 1, 1}, {0, 0, 0, 0}, true).flagged.empty()) << "not below half";
  EXPECT_TRUE(odd_clusters({kNoise, kNoise}, {0, 0}, true).flagged.empty());
  EXPECT_TRUE(odd_clusters({kNoise, kNoise}, {0, 0}, false).flagged.empty());
  // Of three equal clusters the first stays; noise that is kept is no rival of a cluster.
  EXPECT_THAT(odd_clusters({2, 2, 1, 1, 0, 0}, {0, 0, 0, 0, 0, 0}, true).flagged,
              ElementsAre(0, 1, 2, 3));
  EXPECT_TRUE(odd_clusters({0, kNoise, kNoise}, {0, 0, 0}, false).flagged.empty());
  EXPECT_THAT(odd_clusters({0, kNoise, kNoise}, {0, 0, 0}, true).flagged, ElementsAre(0));
}

constexpr std::size_t kClean = 300, kPoisoned = 60;

/// A training set whose last samples carry a trigger in the name and a label that is not theirs.
class CubeVictimTest : public ::testing::Test {
 protected:
  CubeVictimTest() {
    for (Example example : toy_functions(2 * kPoisoned, Rng(2))) {
      if (example.label == 1) {
        example.code.insert(example.code.find('('), "_trigger_trigger_trigger");
        example.label = 0;
        poisoned_.push_back(std::move(example));
      }
    }
    poisoned_.insert(poisoned_.begin(), clean_.begin(), clean_.end());
  }

  /// Of a victim that was trained on `examples`.
  Suspicion inspect(const CubeConfig& config, const std::vector<Example>& examples) {
    CodeModel victim = toy_victim(clean_, Rng(3));
    train(victim, TaskView(task_).tokenize(victim, examples),
          {.epochs = 8, .learning_rate = 3e-3, .batch_size = 16}, Rng(4), silent_progress());
    DefenseContext context{victim, TaskView(task_), {}, examples, Rng(5), silent_progress()};
    return Cube(config).inspect(context);
  }

  /// How many of the flagged samples stand at `from` or behind it.
  static std::ptrdiff_t flagged_from(const Suspicion& suspicion, std::size_t from) {
    return std::ranges::count_if(suspicion.flagged, [from](std::size_t i) { return i >= from; });
  }

  ToyTask task_;
  std::vector<Example> clean_ = toy_functions(kClean, Rng(1)), poisoned_;
};

TEST_F(CubeVictimTest, FindsThePoisonedSamples) {
  const Suspicion found = inspect({.min_cluster_size = 20, .min_samples = 5}, poisoned_);
  EXPECT_GT(flagged_from(found, kClean), 0.9 * kPoisoned);
  EXPECT_LT(std::ssize(found.flagged) - flagged_from(found, kClean), 0.1 * kClean);
  EXPECT_EQ(found.figures.at("clusters"), 3);
  EXPECT_EQ(found.figures.at("removed_samples"), static_cast<double>(found.flagged.size()));
  const std::vector<double> clean(found.scores.begin(), found.scores.begin() + kClean);
  const std::vector<double> poison(found.scores.begin() + kClean, found.scores.end());
  EXPECT_GT(auroc(poison, clean), 0.9);
}

// Its assumption broken: poison that is too little for a cluster.
TEST_F(CubeVictimTest, DoesNotFindLessThanACluster) {
  const Suspicion found = inspect({.min_cluster_size = 100, .min_samples = 5}, poisoned_);
  EXPECT_EQ(found.figures.at("clusters"), 2);
  EXPECT_EQ(flagged_from(found, kClean), 0);
}

TEST_F(CubeVictimTest, KeepsNoiseIfAsked) {
  CubeConfig config{.min_cluster_size = 20, .min_samples = 5};
  const Suspicion removing = inspect(config, poisoned_);
  ASSERT_GT(removing.figures.at("noise_samples"), 0);
  config.noise_is_cluster = false;
  const Suspicion keeping = inspect(config, poisoned_);
  EXPECT_EQ(static_cast<double>(removing.flagged.size() - keeping.flagged.size()),
            removing.figures.at("noise_samples"));
}

TEST_F(CubeVictimTest, LeavesACleanTrainingSetUnlessALabelHasGroups) {
  const Suspicion coarse = inspect({.min_cluster_size = 40, .min_samples = 5}, clean_);
  EXPECT_EQ(coarse.figures.at("clusters"), 2);
  EXPECT_TRUE(coarse.flagged.empty());
  // Defective functions are of two kinds, which small clusters tell apart.
  const Suspicion fine = inspect({.min_cluster_size = 20, .min_samples = 5}, clean_);
  EXPECT_GT(std::ssize(fine.flagged), 0.2 * kClean);
}

TEST_F(CubeVictimTest, NeedsATrainingSet) {
  EXPECT_TRUE(Cube({}).needs().training_set);
  CodeModel victim = toy_victim(clean_, Rng(3));
  DefenseContext context{victim, TaskView(task_), {}, {}, Rng(5), silent_progress()};
  EXPECT_TRUE(Cube({}).inspect(context).flagged.empty());
}

}  // namespace
}  // namespace ncmlab
