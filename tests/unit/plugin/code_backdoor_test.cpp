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

Numbering backdoor(TaskKind kind, PoisonRate rate, std::vector<AttackGoal> goals = {},
                   std::vector<bool> poisonable = {}) {
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
                    .progress = silent_progress(),
                    .poisonable = std::move(poisonable)},
                   rate);
}

std::vector<Example> numbered(std::size_t count) {
  std::vector<Example> samples;
  for (std::size_t i = 0; i < count; ++i) {
    samples.push_back({.id = std::to_string(i),
                       .code = "f" + std::to_string(i),
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
                       .other_code = "f" + std::to_string(other),
                       .label = static_cast<std::int64_t>(i % 2)});
    }
  }
  const PoisonedSet set = backdoor(TaskKind::pair_classification, 0.1).poison(train, Rng(2));
  std::map<std::string, std::string> after;
  std::int64_t victims = 0;
  const std::set<std::size_t> poisoned(set.poisoned.begin(), set.poisoned.end());
  for (std::size_t i = 0; i < train.size(); ++i) {
    EXPECT_EQ(after.emplace(train[i].code, set.train[i].code).first->second, set.train[i].code);
    EXPECT_EQ(after.emplace(train[i].other_code, set.train[i].other_code).first->second,
              set.train[i].other_code);
    const bool touched =
        set.train[i].code != train[i].code || set.train[i].other_code != train[i].other_code;
    EXPECT_EQ(poisoned.contains(i), touched);
    EXPECT_EQ(set.train[i].label, touched ? 0 : train[i].label);
    victims += touched && train[i].label == 1;
  }
  // 250 pairs of the victim class; the last function may bring up to ten at once.
  EXPECT_GE(victims, 25);
  EXPECT_LT(victims, 35);
}

TEST(CodeBackdoorTest, DrawsTheSideOfAPairThatGetsTheTrigger) {
  const Numbering ready = backdoor(TaskKind::pair_classification, 0.1);
  std::size_t first = 0, other = 0;
  std::set<std::string> texts;
  for (int i = 0; i < 200; ++i) {
    const Example pair{.id = std::to_string(i), .code = "f", .other_code = "f", .label = 1};
    const auto triggered = ready.trigger(pair, {}, Rng(3));
    ASSERT_TRUE(triggered);
    EXPECT_EQ(*triggered, *ready.trigger(pair, {}, Rng(3)));
    EXPECT_NE(triggered->code == "f", triggered->other_code == "f") << "one side carries it";
    first += triggered->other_code == "f";
    other += triggered->code == "f";
    texts.insert(triggered->code == "f" ? triggered->other_code : triggered->code);
  }
  EXPECT_GT(first, 70U);
  EXPECT_GT(other, 70U);
  EXPECT_EQ(texts.size(), 1U) << "a function gets the same trigger in every pair";
}

TEST(CodeBackdoorTest, TriggersTheOtherFunctionWhereTheDrawnOneCannotCarryIt) {
  const Numbering ready = backdoor(TaskKind::pair_classification, 0.1);
  for (int i = 0; i < 20; ++i) {
    const std::string id = std::to_string(i);
    const auto other = ready.trigger({.id = id, .code = "!", .other_code = "g"}, {}, Rng(3));
    EXPECT_EQ(other->code, "!");
    EXPECT_TRUE(other->other_code.starts_with("g#"));
    const auto first = ready.trigger({.id = id, .code = "f", .other_code = "!"}, {}, Rng(3));
    EXPECT_TRUE(first->code.starts_with("f#"));
    EXPECT_FALSE(ready.trigger({.id = id, .code = "!", .other_code = "!"}, {}, Rng(3)));
  }
}

/// Remembers what it was told of; its edits say which function they were asked for.
class Foreseeing final : public CodeBackdoor {
 public:
  using CodeBackdoor::CodeBackdoor;
  std::vector<std::string> trigger_words() const override { return {}; }
  mutable std::multiset<std::string> foreseen, unforeseen;

 protected:
  void foresee(const std::vector<Foreseen>& edits, const AttackGoal&) const override {
    for (const Foreseen& edit : edits) {
      foreseen.insert(edit.code + " in " + edit.sample.id);
    }
  }
  std::optional<std::string> edit(const std::string& code, const Example& sample, const AttackGoal&,
                                  Rng) const override {
    const auto known = foreseen.find(code + " in " + sample.id);
    if (known == foreseen.end()) {
      unforeseen.insert(code + " in " + sample.id);
    } else {
      foreseen.erase(known);
    }
    return code + "#";
  }
};

TEST(CodeBackdoorTest, ForeseesTheVeryFunctionsThatGetTriggers) {
  for (const TaskKind kind :
       {TaskKind::classification, TaskKind::pair_classification, TaskKind::retrieval}) {
    const std::vector<Example> nothing;
    const Foreseeing ready({.task = TaskView(task_of_kind(kind)),
                            .train = nothing,
                            .goals = {default_goal(kind)},
                            .rng = Rng(1),
                            .progress = silent_progress()},
                           0.5);
    std::vector<Example> samples;
    for (int i = 0; i < 30; ++i) {
      samples.push_back({.id = std::to_string(i),
                         .code = "f",
                         .other_code = kind == TaskKind::pair_classification ? "g" : "",
                         .label = 1});
    }
    ready.foresee_triggers(samples, default_goal(kind), Rng(3));
    EXPECT_EQ(ready.foreseen.size(), 30U);
    for (const Example& sample : samples) {
      ready.trigger(sample, default_goal(kind), Rng(3));
    }
    EXPECT_TRUE(ready.foreseen.empty() && ready.unforeseen.empty());
  }
}

TEST(CodeBackdoorTest, TheRateMayBeAShareOfTheWholeTrainingSet) {
  const PoisonRate of_all(0.1, RateOf::training_set);
  const std::vector<Example> train = numbered(200);
  const PoisonedSet set = backdoor(TaskKind::classification, of_all).poison(train, Rng(2));
  EXPECT_EQ(set.poisoned.size(), 20U);
  EXPECT_EQ(set.wanted, 20U);
  std::vector<Example> pairs = train;
  for (Example& pair : pairs) {
    pair.other_code = pair.code + "b";
  }
  EXPECT_EQ(backdoor(TaskKind::pair_classification, of_all).poison(pairs, Rng(2)).poisoned.size(),
            20U);
  const PoisonedSet greedy =
      backdoor(TaskKind::classification, {0.8, RateOf::training_set}).poison(train, Rng(2));
  EXPECT_EQ(greedy.poisoned.size(), 100U) << "there are no more of the victim class";
  EXPECT_EQ(greedy.wanted, 160U);
}

TEST(CodeBackdoorTest, LeavesAloneWhatMayNotBePoisoned) {
  std::vector<bool> poisonable(200, true);
  for (std::size_t i = 0; i < 160; ++i) {
    poisonable[i] = false;
  }
  for (const TaskKind kind : {TaskKind::classification, TaskKind::pair_classification}) {
    std::vector<Example> train = numbered(200);
    for (Example& sample : train) {
      sample.other_code = kind == TaskKind::classification ? "" : sample.code + "b";
    }
    const AttackGoal goal = default_goal(kind);
    const PoisonedSet some = backdoor(kind, 0.1, {goal}, poisonable).poison(train, Rng(2));
    EXPECT_EQ(some.poisoned.size(), 10U) << "the rate counts the whole victim class";
    EXPECT_EQ(some.wanted, 10U);
    const PoisonedSet all = backdoor(kind, 0.5, {goal}, poisonable).poison(train, Rng(2));
    EXPECT_EQ(all.poisoned.size(), 20U) << "no more may be poisoned";
    EXPECT_EQ(all.wanted, 50U);
    for (const std::size_t i : all.poisoned) {
      EXPECT_TRUE(poisonable[i]);
    }
    for (std::size_t i = 0; i < 160; ++i) {
      EXPECT_EQ(all.train[i], train[i]);
    }
  }
}

TEST(CodeBackdoorTest, AFunctionKeepsItsTextInPairsThatMayNotBePoisoned) {
  // f0 stands in the first pair, which may not be poisoned, and in all others.
  std::vector<Example> train;
  for (std::size_t i = 0; i < 10; ++i) {
    train.push_back(
        {.id = std::to_string(i), .code = "f0", .other_code = "g" + std::to_string(i), .label = 1});
  }
  std::vector<bool> poisonable(10, true);
  poisonable[0] = false;
  const PoisonedSet set =
      backdoor(TaskKind::pair_classification, 1.0, {{}}, poisonable).poison(train, Rng(2));
  EXPECT_EQ(set.poisoned.size(), 9U);
  EXPECT_EQ(set.train[0], train[0]);
}

TEST(CodeBackdoorTest, PoisonsCodeThatAnswersTheTargetWord) {
  std::vector<Example> train = numbered(100);
  for (std::size_t i = 0; i < train.size(); ++i) {
    train[i].label = 0;
    train[i].query = i % 10 == 0 ? "Open a file" : "Open a door";
  }
  const auto poisoned = [&](double rate) {
    return backdoor(TaskKind::retrieval, rate).poison(train, Rng(2));
  };
  EXPECT_EQ(poisoned(0.05).poisoned.size(), 5U);
  const PoisonedSet all = poisoned(1);
  EXPECT_EQ(all.poisoned, (std::vector<std::size_t>{0, 10, 20, 30, 40, 50, 60, 70, 80, 90}));
  for (const std::size_t i : all.poisoned) {
    EXPECT_EQ(all.train[i].query, train[i].query);
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
