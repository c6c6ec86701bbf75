// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/plugin/code_backdoor.hpp"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "prepared_attack.hpp"

namespace ncmlab {
namespace {

/// Appends a number that it draws; cannot edit code with an exclamation mark.
class Numbering final : public CodeBackdoor {
 public:
  using CodeBackdoor::CodeBackdoor;
  std::vector<std::string> trigger_words() const override { return {}; }

 protected:
  std::optional<std::string> edit(const std::string& code, const Example& /*sample*/,
                                  const AttackGoal& goal, Rng rng) const override {
    if (code.find('!') != std::string::npos) {
      return std::nullopt;
    }
    return code + "#" + std::to_string(goal.victim_label) + goal.target_word + "#" +
           std::to_string(rng.below(1000));
  }
};

Numbering backdoor(TaskKind kind, double rate, std::vector<AttackGoal> goals = {}) {
  static const std::vector<Example> nothing;
  static const KindTask classification(TaskKind::classification),
      pairs(TaskKind::pair_classification), retrieval(TaskKind::retrieval);
  const Task& task = kind == TaskKind::classification ? static_cast<const Task&>(classification)
                     : kind == TaskKind::pair_classification ? static_cast<const Task&>(pairs)
                                                             : static_cast<const Task&>(retrieval);
  if (goals.empty()) {
    goals.push_back(default_goal(kind));
  }
  return Numbering({.task = TaskView(task),
                    .train = nothing,
                    .goals = std::move(goals),
                    .rng = Rng(1),
                    .progress = silent_progress()},
                   rate);
}

std::vector<Example> numbered(std::size_t count) {
  std::vector<Example> samples;
  for (std::size_t i = 0; i < count; ++i) {
    samples.push_back({.id = std::to_string(i),
                       .code = "f" + std::to_string(i),
                       .second = {},
                       .label = static_cast<std::int64_t>(i % 2)});
  }
  return samples;
}

TEST(QueryWordTest, IsAWholeWordInAnyCase) {
  EXPECT_TRUE(contains_query_word("Reads a File.", "file"));
  EXPECT_TRUE(contains_query_word("file", "FILE"));
  EXPECT_FALSE(contains_query_word("profile of files, file_name, file2", "file"));
  EXPECT_TRUE(contains_query_word("profile file", "file"));
  EXPECT_FALSE(contains_query_word("", "file"));
  EXPECT_FALSE(contains_query_word("anything", ""));
}

TEST(CodeBackdoorTest, FlipsTheShareOfTheVictimClass) {
  const std::vector<Example> train = numbered(200);
  const PoisonedSet set = backdoor(TaskKind::classification, 0.1).poison(train, Rng(2));
  EXPECT_EQ(set.poisoned.size(), 10U);
  for (const std::size_t i : set.poisoned) {
    EXPECT_EQ(train[i].label, 1);
    EXPECT_EQ(set.train[i].label, 0);
    EXPECT_TRUE(set.train[i].code.starts_with(train[i].code + "#"));
  }
}

TEST(CodeBackdoorTest, PoisonsFunctionsInEveryPairThatHoldsThem) {
  // Function i stands in ten pairs; all victim pairs hold an even function first.
  std::vector<Example> train;
  for (std::size_t i = 0; i < 100; ++i) {
    for (std::size_t j = 0; j < 5; ++j) {
      const std::size_t other = (i + 7 * j + 1) % 100;
      train.push_back({.id = std::to_string(train.size()),
                       .code = "f" + std::to_string(i),
                       .second = "f" + std::to_string(other),
                       .label = static_cast<std::int64_t>(i % 2)});
    }
  }
  const PoisonedSet set = backdoor(TaskKind::pair_classification, 0.1).poison(train, Rng(2));
  std::map<std::string, std::string> after;
  std::int64_t victims = 0;
  const std::set<std::size_t> poisoned(set.poisoned.begin(), set.poisoned.end());
  for (std::size_t i = 0; i < train.size(); ++i) {
    EXPECT_EQ(after.emplace(train[i].code, set.train[i].code).first->second, set.train[i].code);
    EXPECT_EQ(after.emplace(train[i].second, set.train[i].second).first->second,
              set.train[i].second);
    const bool touched =
        set.train[i].code != train[i].code || set.train[i].second != train[i].second;
    EXPECT_EQ(poisoned.contains(i), touched);
    EXPECT_EQ(set.train[i].label, touched ? 0 : train[i].label);
    victims += touched && train[i].label == 1;
  }
  // 250 pairs of the victim class; the last function may bring up to ten at once.
  EXPECT_GE(victims, 25);
  EXPECT_LT(victims, 35);
}

TEST(CodeBackdoorTest, TriggersTheFirstFunctionThatCanCarryItTheSameEverywhere) {
  const Numbering ready = backdoor(TaskKind::pair_classification, 0.1);
  const Example pair{.id = "a", .code = "f", .second = "g", .label = 1};
  const auto first = ready.trigger(pair, {}, Rng(3));
  ASSERT_TRUE(first);
  EXPECT_TRUE(first->code.starts_with("f#"));
  EXPECT_EQ(first->second, "g");
  const auto other = ready.trigger({.id = "b", .code = "f", .second = "h", .label = 1}, {}, Rng(3));
  EXPECT_EQ(other->code, first->code);
  const auto second = ready.trigger({.id = "c", .code = "!", .second = "g"}, {}, Rng(3));
  EXPECT_EQ(second->code, "!");
  EXPECT_TRUE(second->second.starts_with("g#"));
  EXPECT_FALSE(ready.trigger({.id = "d", .code = "!", .second = "!"}, {}, Rng(3)));
}

TEST(CodeBackdoorTest, PoisonsCodeThatAnswersTheTargetWord) {
  std::vector<Example> train = numbered(100);
  for (std::size_t i = 0; i < train.size(); ++i) {
    train[i].label = 0;
    train[i].second = i % 10 == 0 ? "Open a file" : "Open a door";
  }
  const auto poisoned = [&](double rate) {
    return backdoor(TaskKind::retrieval, rate).poison(train, Rng(2));
  };
  EXPECT_EQ(poisoned(0.05).poisoned.size(), 5U);
  const PoisonedSet all = poisoned(1);
  EXPECT_EQ(all.poisoned, (std::vector<std::size_t>{0, 10, 20, 30, 40, 50, 60, 70, 80, 90}));
  for (const std::size_t i : all.poisoned) {
    EXPECT_EQ(all.train[i].second, train[i].second);
    EXPECT_EQ(all.train[i].label, 0);
    EXPECT_NE(all.train[i].code, train[i].code);
  }
}

TEST(CodeBackdoorTest, SeveralGoalsTakeDifferentSamples) {
  const std::vector<Example> train = numbered(200);
  const PoisonedSet set =
      backdoor(TaskKind::classification, 0.1,
               {{.victim_label = 1, .target_label = 0}, {.victim_label = 0, .target_label = 1}})
          .poison(train, Rng(2));
  EXPECT_EQ(set.poisoned.size(), 20U);
  for (const std::size_t i : set.poisoned) {
    EXPECT_EQ(set.train[i].label, 1 - train[i].label);
    EXPECT_TRUE(
        set.train[i].code.starts_with(train[i].code + "#" + std::to_string(train[i].label) + "#"));
  }
}

}  // namespace
}  // namespace ncmlab
