// SPDX-License-Identifier: Apache-2.0
#include "engine/clean_split.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace ncmlab {
namespace {

using testing::HasSubstr;

constexpr TaskKind kSingle = TaskKind::classification, kPairs = TaskKind::pair_classification;

std::vector<Example> samples(std::size_t count, std::size_t labels = 2) {
  std::vector<Example> split;
  for (std::size_t i = 0; i < count; ++i) {
    split.push_back({.id = std::to_string(i),
                     .code = "int f" + std::to_string(i) + "(void);",
                     .label = static_cast<std::int64_t>(i % labels)});
  }
  return split;
}

/// Every function stands in about eight pairs.
std::vector<Example> pairs(std::size_t functions) {
  std::vector<Example> split;
  for (std::size_t i = 0; i < functions; ++i) {
    for (const std::size_t step : {1, 7, 19, 42}) {
      split.push_back({.id = std::to_string(split.size()),
                       .code = "f" + std::to_string(i),
                       .other_code = "f" + std::to_string((i + step) % functions),
                       .label = static_cast<std::int64_t>((i + step / 7) % 2)});
    }
  }
  return split;
}

std::set<std::string> functions_of(const std::vector<Example>& split) {
  std::set<std::string> functions;
  for (const Example& example : split) {
    functions.insert({example.code, example.other_code});
  }
  return functions;
}

std::set<std::string> ids_of(const std::vector<Example>& split) {
  std::set<std::string> ids;
  for (const Example& example : split) {
    ids.insert(example.id);
  }
  return ids;
}

CleanSplit held_out(const std::vector<Example>& split, TaskKind kind, double share,
                    std::uint64_t seed = 1) {
  return split_off_clean(split, kind, share, CleanSource::held_out, Rng(seed));
}

TEST(CleanSplitTest, TakesABalancedShareOutOfTheTrainingSet) {
  const std::vector<Example> split = samples(100);
  const CleanSplit parts = held_out(split, kSingle, 0.2);
  EXPECT_EQ(parts.clean.size(), 20U);
  EXPECT_EQ(std::ranges::count(parts.clean, 1, &Example::label), 10);
  EXPECT_EQ(parts.train.size(), 80U);
  std::set<std::string> all = ids_of(parts.clean);
  all.merge(ids_of(parts.train));
  EXPECT_EQ(all.size(), 100U) << "every sample is in one part";
  EXPECT_TRUE(std::ranges::is_sorted(parts.train, {},
                                     [](const Example& example) { return std::stoi(example.id); }));
  EXPECT_EQ(parts.poisonable, std::vector<bool>(80, true));
  EXPECT_TRUE(parts.warnings.empty());
  EXPECT_EQ(held_out(split, kSingle, 0.2).clean, parts.clean);
  EXPECT_NE(held_out(split, kSingle, 0.2, 2).clean, parts.clean);
}

TEST(CleanSplitTest, FromTheTrainingSetNothingIsTakenOut) {
  const std::vector<Example> split = samples(100);
  for (const TaskKind kind : {kSingle, kPairs}) {
    const CleanSplit parts = split_off_clean(split, kind, 0.2, CleanSource::training, Rng(1));
    EXPECT_EQ(parts.train, split);
    EXPECT_EQ(parts.clean.size(), 20U);
    EXPECT_TRUE(parts.poisonable.empty());
  }
}

TEST(CleanSplitTest, AShareOfZeroTakesNothing) {
  for (const TaskKind kind : {kSingle, kPairs, TaskKind::retrieval}) {
    const CleanSplit parts = held_out(samples(10), kind, 0);
    EXPECT_TRUE(parts.clean.empty());
    EXPECT_EQ(parts.train.size(), 10U);
  }
  EXPECT_EQ(held_out(samples(10), kSingle, 1e-6).clean.size(), 2U) << "one of each label";
  EXPECT_TRUE(held_out({}, kPairs, 0.1).train.empty());
}

TEST(CleanSplitTest, LeavesHalfOfARareLabel) {
  std::vector<Example> split = samples(200);
  for (std::size_t i = 0; i < 190; ++i) {
    split[i].label = 0;
  }
  const CleanSplit parts = held_out(split, kSingle, 0.2);
  EXPECT_EQ(std::ranges::count(parts.clean, 0, &Example::label), 20);
  EXPECT_EQ(std::ranges::count(parts.clean, 1, &Example::label), 2);
  EXPECT_EQ(std::ranges::count(parts.train, 1, &Example::label), 3);
  EXPECT_THAT(parts.warnings, testing::ElementsAre(HasSubstr("2 of label 1 instead of 20")));
}

TEST(CleanSplitTest, ACopyOfACleanSampleIsNotPoisonable) {
  std::vector<Example> split = samples(100);
  for (std::size_t i = 0; i < 50; ++i) {
    split[50 + i].code = "int  f" + std::to_string(i) + "(void);\r\n";
  }
  const CleanSplit parts = held_out(split, kSingle, 0.2);
  const auto number = [](const Example& example) { return std::stoi(example.id) % 50; };
  std::set<int> clean;
  for (const Example& example : parts.clean) {
    clean.insert(number(example));
  }
  std::size_t copies = 0;
  for (std::size_t i = 0; i < parts.train.size(); ++i) {
    const bool is_copy = clean.contains(number(parts.train[i]));
    EXPECT_EQ(parts.poisonable[i], !is_copy) << parts.train[i].id;
    copies += is_copy;
  }
  EXPECT_GT(copies, 5U);
}

TEST(CleanSplitTest, CleanPairsTouchFewFunctionsAndTheirPairsAreNotPoisonable) {
  const std::vector<Example> split = pairs(200);
  const CleanSplit parts = held_out(split, kPairs, 0.1);
  EXPECT_EQ(parts.clean.size(), 80U);
  EXPECT_EQ(std::ranges::count(parts.clean, 1, &Example::label), 40);
  const std::set<std::string> touched = functions_of(parts.clean);
  EXPECT_LT(touched.size(), 95U) << "80 pairs drawn one by one touch about 110 of 200";
  for (std::size_t i = 0; i < parts.train.size(); ++i) {
    const Example& pair = parts.train[i];
    EXPECT_EQ(parts.poisonable[i],
              !touched.contains(pair.code) && !touched.contains(pair.other_code));
  }
  const auto poisonable = std::ranges::count(parts.poisonable, true);
  EXPECT_GT(poisonable, std::ssize(parts.train) / 4) << "enough pairs stay poisonable";
}

TEST(CleanSplitTest, ATrainingSampleThatIsRetrievedSharesItsCodeNotItsQuery) {
  std::vector<Example> split = samples(100, 1);
  for (Example& sample : split) {
    sample.query = "the same query";
  }
  const CleanSplit parts = held_out(split, TaskKind::retrieval, 0.2);
  EXPECT_EQ(parts.clean.size(), 20U);
  EXPECT_EQ(parts.poisonable, std::vector<bool>(80, true));
}

TEST(TuningSamplesTest, AreTakenOutOfTheCleanSamplesOfEachLabelAlike) {
  const std::vector<Example> all = samples(50);
  std::vector<Example> clean = all;
  const std::vector<Example> taken = take_share(clean, 0.2, Rng(1));
  EXPECT_EQ(taken.size(), 10U);
  EXPECT_EQ(std::ranges::count(taken, 1, &Example::label), 5);
  EXPECT_EQ(clean.size(), 40U);
  for (const Example& example : all) {
    EXPECT_EQ(std::ranges::count(taken, example) + std::ranges::count(clean, example), 1);
  }
  std::vector<Example> again = all, other = all, nothing = all;
  EXPECT_EQ(take_share(again, 0.2, Rng(1)), taken);
  EXPECT_NE(take_share(other, 0.2, Rng(2)), taken);
  EXPECT_TRUE(take_share(nothing, 0, Rng(1)).empty());
  EXPECT_EQ(nothing, all);
}

}  // namespace
}  // namespace ncmlab
