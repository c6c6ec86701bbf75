// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/analysis/k_means.hpp"

#include <gtest/gtest.h>

#include <set>

#include "point_clouds.hpp"

namespace ncmlab {
namespace {

TEST(KMeansTest, FindsTheClouds) {
  const std::vector<std::int64_t> clusters = k_means(two_clouds(80, 3), 2, Rng(1));
  for (std::size_t i = 0; i < clusters.size(); ++i) {
    EXPECT_EQ(clusters[i] == clusters[0], i % 4 == 0) << i;
  }
  EXPECT_EQ(clusters, k_means(two_clouds(80, 3), 2, Rng(1)));
}

TEST(KMeansTest, CopesWithFewerPointsThanClusters) {
  EXPECT_EQ(k_means(torch::ones({1, 2}), 2, Rng(1)), std::vector<std::int64_t>{0});
  EXPECT_TRUE(k_means(torch::ones({0, 2}), 2, Rng(1)).empty());
  const std::vector<std::int64_t> same = k_means(torch::ones({5, 2}), 2, Rng(1));
  EXPECT_EQ(std::set<std::int64_t>(same.begin(), same.end()).size(), 1U);
}

TEST(SilhouetteTest, IsThatOfAnExampleByHand) {
  // On a line: {0, 1} and {10}. Of 0: (10 - 1) / 10, of 1: (9 - 1) / 9, of 10, alone: 0.
  const at::Tensor points = torch::tensor({{0.0}, {1.0}, {10.0}}, torch::kDouble);
  EXPECT_NEAR(silhouette(points, {0, 0, 1}), (0.9 + 8.0 / 9) / 3, 1e-12);
  EXPECT_EQ(silhouette(points, {0, 0, 0}), 0);
}

TEST(SilhouetteTest, TellsCloudsFromNone) {
  const at::Tensor clouds = two_clouds(80, 3);
  EXPECT_GT(silhouette(clouds, k_means(clouds, 2, Rng(1))), 0.7);
  Rng rng(3);
  at::Tensor one = torch::zeros({80, 3}, torch::kDouble);
  for (std::int64_t i = 0; i < 80; ++i) {
    for (std::int64_t j = 0; j < 3; ++j) {
      one[i][j] = rng.normal();
    }
  }
  EXPECT_LT(silhouette(one, k_means(one, 2, Rng(1))), 0.4);
}

}  // namespace
}  // namespace ncmlab
