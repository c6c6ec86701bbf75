// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/analysis/hdbscan.hpp"

#include <gtest/gtest.h>
#include <torch/types.h>

#include <array>
#include <string>

#include "ncmlab/core/diagnostic.hpp"
#include "ncmlab/core/rng.hpp"

namespace ncmlab {
namespace {

/// One character per point: the number of its cluster, `.` for noise.
std::string labels(const at::Tensor& points, const HdbscanOptions& options) {
  std::string text;
  for (const std::int64_t label : hdbscan(points, options)) {
    text += label == kNoise ? '.' : static_cast<char>('0' + label);
  }
  return text;
}

std::string labels_on_a_line(const std::vector<double>& places, const HdbscanOptions& options) {
  return labels(torch::tensor(places, torch::kDouble).unsqueeze(1), options);
}

/// Numbers that any language can repeat.
class Repeatable {
 public:
  explicit Repeatable(std::int64_t seed) : state_(seed) {}
  double uniform() {
    state_ = (state_ * 1103515245 + 12345) % (std::int64_t{1} << 31);
    return static_cast<double>(state_) / static_cast<double>(std::int64_t{1} << 31);
  }
  double bell() { return uniform() + uniform() + uniform() + uniform() - 2; }

 private:
  std::int64_t state_;
};

/// Three clouds of different spread, and every eighth point anywhere.
at::Tensor three_clouds(std::int64_t count, std::int64_t width, std::int64_t seed) {
  constexpr std::array<double, 7> kCentre = {0, 9, 0, -9, 9, 0, -9};
  constexpr std::array<double, 7> kSpread = {1, 0.5, 1, 2, 0.5, 1, 2};
  Repeatable numbers(seed);
  at::Tensor points = torch::zeros({count, width}, torch::kDouble);
  for (std::int64_t i = 0; i < count; ++i) {
    const auto cloud = static_cast<std::size_t>(i % 8);
    for (std::int64_t j = 0; j < width; ++j) {
      points[i][j] =
          cloud == 7 ? 30 * numbers.uniform() - 15
                     : kCentre[cloud] * (j % 2 == 0 ? 1 : 0.5) + kSpread[cloud] * numbers.bell();
    }
  }
  return points;
}

// With min_samples = 1 all core distances are 0. 30 leaves all points at distance 18; the two
// triples part at 8 and fall apart at 1.
TEST(HdbscanTest, IsThatOfAnExampleByHand) {
  const std::vector<double> places = {0, 1, 2, 10, 11, 12, 30};
  EXPECT_EQ(labels_on_a_line(places, {.min_cluster_size = 3, .min_samples = 1}), "000111.");
  EXPECT_EQ(labels_on_a_line(places, {.min_cluster_size = 4, .min_samples = 1}), ".......");
}

TEST(HdbscanTest, ChoosesWhatHasMoreMass) {
  const HdbscanOptions options{.min_cluster_size = 3, .min_samples = 1};
  // The first six: 6 * (1 / 1.5 - 1 / 30) = 3.8 together, 6 * (1 - 1 / 1.5) = 2 as two triples.
  EXPECT_EQ(labels_on_a_line({0, 1, 2, 3.5, 4.5, 5.5, 35.5, 36.5, 37.5}, options), "000000111");
  // 6 * (1 / 2 - 1 / 4) = 1.5 together, 6 * (1 - 1 / 2) = 3 as two triples.
  EXPECT_EQ(labels_on_a_line({0, 1, 2, 4, 5, 6, 10, 11, 12}, options), "000111222");
}

// Labels as scikit-learn 1.9 gives them, in whatever order it is given the points, and as a
// program gives them that takes the components of the graph of each level, as the paper defines
// them.
TEST(HdbscanTest, IsThatOfOtherImplementations) {
  const std::string plane =
      "0102102.0102102201021022010210210102102.01021022010210210102102.0102102.0102102.";
  EXPECT_EQ(labels(three_clouds(80, 2, 1), {.min_cluster_size = 5, .min_samples = 5}), plane);
  EXPECT_EQ(labels(three_clouds(80, 2, 1), {.min_cluster_size = 8, .min_samples = 3}), plane);
  EXPECT_EQ(labels(three_clouds(80, 2, 1), {.min_cluster_size = 25, .min_samples = 5}),
            std::string(80, '.'));
  EXPECT_EQ(labels(three_clouds(64, 3, 7), {.min_cluster_size = 4, .min_samples = 6}),
            "010210210102102.010210220102102.0102102.0102102.010210220102102.");
}

// The same, where core distances are 0.
TEST(HdbscanTest, CopesWithPointsThatStandSeveralTimes) {
  const at::Tensor once = three_clouds(48, 2, 3);
  const at::Tensor half = once.slice(0, 0, 48, 2);
  EXPECT_EQ(
      labels(torch::cat({once, half, half}), {.min_cluster_size = 5, .min_samples = 3}),
      "01021021010.1030010210..0104104.0104103.010210..00120013001.00140013001.00120013001.00140013"
      "001.");
  std::vector<double> places;
  for (int i = 0; i < 42; ++i) {
    places.push_back(i % 7 == 0 ? 100 + i : i % 3 * 10);
  }
  EXPECT_EQ(labels_on_a_line(places, {.min_cluster_size = 5, .min_samples = 4}),
            "012312302312310312312012312302312310312312");
  EXPECT_EQ(labels(torch::ones({20, 3}), {}), std::string(20, '.'));
}

TEST(HdbscanTest, FindsNoneInFewerPointsThanAClusterHas) {
  EXPECT_EQ(labels(three_clouds(7, 2, 1), {.min_cluster_size = 8, .min_samples = 3}), ".......");
  EXPECT_TRUE(hdbscan(torch::zeros({0, 2}), {}).empty());
  // A core distance reaches all points where there are too few.
  EXPECT_EQ(labels_on_a_line({0, 1, 2, 3}, {.min_cluster_size = 2, .min_samples = 9}), "....");
}

// Distances on a grid are equal by the dozen.
TEST(HdbscanTest, DoesNotDependOnTheOrder) {
  at::Tensor points = torch::zeros({60, 2}, torch::kDouble);
  for (std::int64_t i = 0; i < 60; ++i) {
    points[i][0] = static_cast<double>(i % 6 + (i < 36 ? 0 : 20));
    points[i][1] = static_cast<double>(i / 6 % 6 * (i < 36 ? 1 : 2));
  }
  const HdbscanOptions options{.min_cluster_size = 6, .min_samples = 4};
  const std::vector<std::int64_t> expected = hdbscan(points, options);
  EXPECT_EQ(expected.front(), 0);
  EXPECT_EQ(expected.back(), 1);
  Rng rng(1);
  for (int turn = 0; turn < 5; ++turn) {
    const std::vector<std::size_t> order = rng.sample(60, 60);
    const at::Tensor places =
        torch::tensor(std::vector<std::int64_t>(order.begin(), order.end()), torch::kLong);
    const std::vector<std::int64_t> found = hdbscan(points.index_select(0, places), options);
    for (std::size_t i = 0; i < 60; ++i) {
      for (std::size_t j = 0; j < i; ++j) {
        EXPECT_EQ(found[i] == found[j], expected[order[i]] == expected[order[j]]);
      }
      EXPECT_EQ(found[i] == kNoise, expected[order[i]] == kNoise);
    }
  }
}

TEST(HdbscanTest, StopsWhenCancelled) {
  class Stopped final : public Progress {
   public:
    bool cancelled() const override { return true; }
  };
  Stopped progress;
  EXPECT_THROW(hdbscan(three_clouds(80, 2, 1), {}, progress), Cancelled);
}

}  // namespace
}  // namespace ncmlab
