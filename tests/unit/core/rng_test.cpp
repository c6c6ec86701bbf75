// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/core/rng.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <set>

namespace ncmlab {
namespace {

TEST(RngTest, DrawsTheNumbersThatTheStandardNames) {
  // [rand.predef]: the 10000th value of a default-constructed mt19937_64.
  Rng rng(std::mt19937_64::default_seed);
  std::uint64_t value = 0;
  for (int i = 0; i < 10000; ++i) {
    value = rng.next();
  }
  EXPECT_EQ(value, 9981545732273789042ULL);
}

TEST(RngTest, StreamsKeepTheirNumbersBetweenVersions) {
  EXPECT_EQ(Rng(1).stream("poison").seed(), 5788335136951036475ULL);
  EXPECT_EQ(Rng(1).stream("poison", 2).seed(), 16703773373844424347ULL);
  Rng rng(1);
  EXPECT_EQ(rng.below(1000), 528U);
  EXPECT_DOUBLE_EQ(rng.uniform(), 0.13640703636619722);
}

TEST(RngTest, StreamsDependOnSeedAndNameButNotOnWhatWasDrawn) {
  Rng used(7);
  const std::uint64_t before = used.stream("a").next();
  used.next();
  used.stream("b").next();
  EXPECT_EQ(used.stream("a").next(), before);
  std::set<std::uint64_t> seeds = {Rng(7).stream("a").seed(),
                                   Rng(8).stream("a").seed(),
                                   Rng(7).stream("b").seed(),
                                   Rng(7).stream("a", 0).seed(),
                                   Rng(7).stream("a", 1).seed(),
                                   Rng(7).stream("a").stream("b").seed(),
                                   Rng(7).stream("b").stream("a").seed()};
  EXPECT_EQ(seeds.size(), 7U);
}

TEST(RngTest, StreamsAreUncorrelated) {
  Rng a = Rng(3).stream("a"), b = Rng(3).stream("b");
  double product = 0;
  constexpr int kDraws = 20000;
  for (int i = 0; i < kDraws; ++i) {
    product += (a.uniform() - 0.5) * (b.uniform() - 0.5);
  }
  // The product of two uniform deviates has standard deviation 1/12; five standard errors.
  EXPECT_LT(std::abs(product / kDraws), 5.0 / 12 / std::sqrt(double(kDraws)));
}

TEST(RngTest, BelowIsUniformAndInRange) {
  Rng rng(11);
  std::vector<int> counts(7);
  constexpr int kDraws = 70000;
  for (int i = 0; i < kDraws; ++i) {
    const std::uint64_t value = rng.below(7);
    ASSERT_LT(value, 7U);
    ++counts[value];
  }
  double chi_squared = 0;
  for (const int count : counts) {
    chi_squared += (count - kDraws / 7.0) * (count - kDraws / 7.0) / (kDraws / 7.0);
  }
  EXPECT_LT(chi_squared, 22.5);  // 0.999 quantile, 6 degrees of freedom
  EXPECT_EQ(rng.below(1), 0U);
}

TEST(RngTest, BetweenIncludesBothEndsAndTakesTheWholeRange) {
  Rng rng(5);
  std::set<std::int64_t> seen;
  for (int i = 0; i < 200; ++i) {
    seen.insert(rng.between(-2, 2));
  }
  EXPECT_EQ(seen, (std::set<std::int64_t>{-2, -1, 0, 1, 2}));
  EXPECT_EQ(rng.between(9, 9), 9);
  constexpr std::int64_t kLow = std::numeric_limits<std::int64_t>::min();
  constexpr std::int64_t kHigh = std::numeric_limits<std::int64_t>::max();
  bool negative = false, positive = false;
  for (int i = 0; i < 100; ++i) {
    const std::int64_t value = rng.between(kLow, kHigh);
    negative = negative || value < 0;
    positive = positive || value > 0;
    EXPECT_GE(rng.between(kHigh - 1, kHigh), kHigh - 1);
  }
  EXPECT_TRUE(negative && positive);
}

TEST(RngTest, UniformStaysBelowOneAndChanceKeepsItsEnds) {
  Rng rng(2);
  double sum = 0;
  for (int i = 0; i < 10000; ++i) {
    const double value = rng.uniform();
    ASSERT_GE(value, 0.0);
    ASSERT_LT(value, 1.0);
    sum += value;
    ASSERT_FALSE(rng.chance(0.0));
    ASSERT_TRUE(rng.chance(1.0));
  }
  EXPECT_NEAR(sum / 10000, 0.5, 5 / std::sqrt(12.0 * 10000));
}

TEST(RngTest, NormalHasMeanZeroAndVarianceOne) {
  Rng rng(4);
  double sum = 0, squares = 0;
  constexpr int kDraws = 20000;
  for (int i = 0; i < kDraws; ++i) {
    const double value = rng.normal();
    ASSERT_TRUE(std::isfinite(value));
    sum += value;
    squares += value * value;
  }
  EXPECT_NEAR(sum / kDraws, 0.0, 5 / std::sqrt(double(kDraws)));
  EXPECT_NEAR(squares / kDraws, 1.0, 5 * std::sqrt(2.0 / kDraws));
}

TEST(RngTest, ShuffleAndSamplePermute) {
  std::vector<int> items = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
  std::vector<int> shuffled = items;
  Rng(6).shuffle(shuffled);
  EXPECT_NE(shuffled, items);
  EXPECT_TRUE(std::is_permutation(shuffled.begin(), shuffled.end(), items.begin()));
  const std::vector<std::size_t> some = Rng(6).sample(100, 10);
  EXPECT_EQ(some.size(), 10U);
  EXPECT_EQ(std::set<std::size_t>(some.begin(), some.end()).size(), 10U);
  EXPECT_LT(*std::max_element(some.begin(), some.end()), 100U);
  EXPECT_EQ(Rng(6).sample(100, 10), some);
  EXPECT_EQ(Rng(6).sample(3, 10).size(), 3U);
  EXPECT_TRUE(Rng(6).sample(0, 10).empty());
  std::vector<int> one = {1};
  Rng(6).shuffle(one);
  EXPECT_EQ(one, std::vector<int>{1});
}

}  // namespace
}  // namespace ncmlab
