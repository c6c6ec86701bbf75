// SPDX-License-Identifier: Apache-2.0
#include "activation_clustering.hpp"

#include <gtest/gtest.h>
#include <torch/types.h>

#include "toy_task.hpp"

namespace ncmlab {
namespace {

/// `count` vectors of noise; every tenth lies apart by `shift`.
at::Tensor planted_vectors(std::int64_t count, double shift) {
  Rng rng(11);
  at::Tensor vectors = torch::zeros({count, 16});
  for (std::int64_t i = 0; i < count; ++i) {
    for (std::int64_t j = 0; j < 16; ++j) {
      vectors[i][j] = rng.normal() + (i % 10 == 3 ? shift : 0.0);
    }
  }
  return vectors;
}

TEST(ActivationClusteringTest, FindsAClusterOfItsOwn) {
  for (const ClusterCheck check :
       {ClusterCheck::none, ClusterCheck::size, ClusterCheck::silhouette}) {
    const ClassClusters found = cluster_class(planted_vectors(200, 4), {.check = check}, Rng(1));
    EXPECT_TRUE(found.is_poisoned);
    for (std::size_t i = 0; i < 200; ++i) {
      EXPECT_EQ(found.is_small[i], i % 10 == 3) << i;
      EXPECT_EQ(found.scores[i] > 0, i % 10 == 3) << i;
    }
  }
}

TEST(ActivationClusteringTest, ItsAssumptionBrokenTheChecksSayThatThereIsNoPoison) {
  const at::Tensor one_cloud = planted_vectors(200, 0);
  EXPECT_FALSE(cluster_class(one_cloud, {.check = ClusterCheck::size}, Rng(1)).is_poisoned);
  EXPECT_FALSE(cluster_class(one_cloud, {.check = ClusterCheck::silhouette}, Rng(1)).is_poisoned);
  EXPECT_TRUE(cluster_class(one_cloud, {.check = ClusterCheck::none}, Rng(1)).is_poisoned);
}

TEST(ActivationClusteringTest, CopesWithEqualAndFewVectors) {
  for (const std::int64_t count : {1, 2, 5}) {
    const ClassClusters found = cluster_class(torch::ones({count, 4}), {}, Rng(1));
    EXPECT_FALSE(found.is_poisoned);
    EXPECT_EQ(found.scores.size(), static_cast<std::size_t>(count));
  }
}

TEST(ActivationClusteringTest, JudgesTheTrainingSetOfTheContext) {
  const std::vector<Example> examples = toy_functions(60, Rng(1));
  CodeModel victim = toy_victim(examples, Rng(2));
  const ToyTask task;
  DefenseContext context{victim, TaskView(task), {}, examples, Rng(3), silent_progress()};
  const ActivationClustering defense({.check = ClusterCheck::none});
  EXPECT_TRUE(defense.needs().training_set);
  const Suspicion suspicion = defense.inspect(context);
  EXPECT_EQ(suspicion.scores.size(), 60U);
  EXPECT_FALSE(suspicion.flagged.empty());
  EXPECT_LE(suspicion.flagged.size(), 30U);
  EXPECT_EQ(suspicion.backdoored, true);
  context.training_set.clear();
  EXPECT_EQ(defense.inspect(context).backdoored, false);
}

}  // namespace
}  // namespace ncmlab
