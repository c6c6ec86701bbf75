// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/data/subset.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

namespace ncmlab {
namespace {

using testing::ElementsAre;
using testing::Pair;

std::vector<Example> examples(const std::vector<std::int64_t>& labels) {
  std::vector<Example> result;
  for (const std::int64_t label : labels) {
    result.push_back({.id = std::to_string(result.size()), .code = "f", .label = label});
  }
  return result;
}

std::map<std::int64_t, int> labels_of(const std::vector<Example>& examples) {
  std::map<std::int64_t, int> counts;
  for (const Example& example : examples) {
    ++counts[example.label];
  }
  return counts;
}

TEST(KeepBalancedTest, DrawsEvenLabelsInTheirOrder) {
  std::vector<Example> all = examples({0, 0, 0, 0, 0, 0, 1, 1, 1, 1});
  keep_balanced(all, 4, Rng(1));
  EXPECT_THAT(labels_of(all), ElementsAre(Pair(0, 2), Pair(1, 2)));
  EXPECT_TRUE(std::is_sorted(all.begin(), all.end(),
                             [](const Example& a, const Example& b) { return a.id < b.id; }));
}

TEST(KeepBalancedTest, LeavesToOthersWhatARareLabelCannotFill) {
  std::vector<Example> all = examples({0, 0, 0, 0, 0, 0, 0, 1, 2, 2});
  keep_balanced(all, 7, Rng(1));
  EXPECT_THAT(labels_of(all), ElementsAre(Pair(0, 4), Pair(1, 1), Pair(2, 2)));
}

TEST(KeepBalancedTest, KeepsAllWithoutALimitAndIsTheSameForASeed) {
  std::vector<Example> all = examples({0, 1, 0, 1, 1});
  keep_balanced(all, 0, Rng(1));
  EXPECT_EQ(all.size(), 5U);
  keep_balanced(all, 9, Rng(1));
  EXPECT_EQ(all.size(), 5U);
  std::vector<Example> one = examples(std::vector<std::int64_t>(50, 0)), other = one;
  keep_balanced(one, 5, Rng(3));
  keep_balanced(other, 5, Rng(3));
  EXPECT_EQ(one, other);
}

}  // namespace
}  // namespace ncmlab
