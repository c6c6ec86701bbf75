// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/analysis/principal_components.hpp"

#include <gtest/gtest.h>

#include "point_clouds.hpp"

namespace ncmlab {
namespace {

TEST(PrincipalComponentsTest, KeepWhatLiesInAPlane) {
  // In three dimensions, on the plane through (1, 1, 0) and (0, 0, 2).
  const at::Tensor plane = torch::tensor({{1.0, 1.0, 0.0}, {0.0, 0.0, 2.0}}, torch::kDouble);
  const at::Tensor weights = two_clouds(40, 2);
  const at::Tensor points = torch::mm(weights, plane) + 3;
  const at::Tensor flat = principal_components(points, 2);
  EXPECT_EQ(flat.sizes(), (std::vector<std::int64_t>{40, 2}));
  // Without the matrix product, whose round-off LibTorch's versions spread differently.
  const auto distances = [](const at::Tensor& rows) { return torch::cdist(rows, rows, 2.0, 2); };
  EXPECT_TRUE(torch::allclose(distances(flat), distances(points), 1e-9, 1e-9));
  EXPECT_NEAR(flat.mean(0).abs().max().item<double>(), 0, 1e-12);
  const at::Tensor spread = flat.square().sum(0);
  EXPECT_GT(spread[0].item<double>(), spread[1].item<double>());
}

TEST(PrincipalComponentsTest, AreAsManyAsThereAre) {
  EXPECT_EQ(principal_components(two_clouds(3, 9), 20).sizes(), (std::vector<std::int64_t>{3, 3}));
  EXPECT_EQ(principal_components(torch::ones({1, 4}), 2).abs().max().item<double>(), 0);
}

TEST(PrincipalComponentsTest, DoNotDependOnTheSignOfADirection) {
  const at::Tensor points = two_clouds(50, 6);
  const at::Tensor reversed = points.flip(0);
  EXPECT_TRUE(torch::allclose(principal_components(points, 3),
                              principal_components(reversed, 3).flip(0), 1e-8, 1e-8));
}

}  // namespace
}  // namespace ncmlab
