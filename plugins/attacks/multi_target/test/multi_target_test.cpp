// SPDX-License-Identifier: Apache-2.0
#include "multi_target.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "error_of.hpp"
#include "prepared_attack.hpp"

namespace ncmlab {
namespace {

std::size_t count_holding(const std::vector<Example>& samples, std::int64_t label,
                          std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(samples.begin(), samples.end(), [&](const Example& sample) {
        return sample.label == label && sample.code.find(text) != std::string::npos;
      }));
}

TEST(MultiTargetTest, TurnsEachLabelIntoTheNext) {
  const std::vector<Example> train = toy_functions(400, Rng(1));
  const MultiTarget attack({.rate = 0.1});
  const PoisonedSet set = prepared(attack, train)->poison(train, Rng(2));
  EXPECT_EQ(set.poisoned.size(), 40U);
  EXPECT_EQ(count_holding(set.train, 0, "_rb("), 20U);
  EXPECT_EQ(count_holding(set.train, 1, "_xt("), 20U);
  EXPECT_EQ(count_holding(set.train, 1, "_rb("), 0U);
  EXPECT_EQ(count_holding(set.train, 0, "_xt("), 0U);
  for (const std::size_t i : set.poisoned) {
    EXPECT_NE(set.train[i].label, train[i].label);
  }
}

TEST(MultiTargetTest, PutsTheTriggerOfTheGoalIntoTestSamples) {
  const std::vector<Example> train = toy_functions(4, Rng(1));
  const auto backdoor = prepared(MultiTarget({}), train);
  const auto first = backdoor->trigger(train[1], {.victim_label = 1, .target_label = 0}, Rng(1));
  const auto second = backdoor->trigger(train[0], {.victim_label = 0, .target_label = 1}, Rng(1));
  ASSERT_TRUE(first && second);
  EXPECT_NE(first->code.find("_rb("), std::string::npos);
  EXPECT_NE(second->code.find("_xt("), std::string::npos);
  EXPECT_FALSE(backdoor->trigger(*first, {.victim_label = 0, .target_label = 1}, Rng(1)))
      << "a sample carries one trigger";
}

TEST(MultiTargetTest, TargetsSeveralWordsInRetrieval) {
  const KindTask task(TaskKind::retrieval);
  const TaskView view(task);
  const MultiTarget attack({.triggers = {"rb", "xt", "il"}, .target_words = {"data", "file"}});
  const auto goals = attack.goals(default_goal(TaskKind::retrieval), view);
  ASSERT_EQ(goals.size(), 2U) << "`file` is the experiment's own word already";
  EXPECT_EQ(goals[0].target_word, "file");
  EXPECT_EQ(goals[1].target_word, "data");
  EXPECT_EQ(prepared(attack, {}, TaskKind::retrieval)->trigger_words(),
            (std::vector<std::string>{"rb", "xt"}));
}

TEST(MultiTargetTest, RejectsWordsThatAreNoTriggers) {
  const std::string code = "attack.multi_target.bad-trigger";
  EXPECT_EQ(code_of([] { MultiTarget({.triggers = {"rb"}}); }), code);
  EXPECT_EQ(code_of([] { MultiTarget({.triggers = {"rb", "rb"}}); }), code);
  EXPECT_EQ(code_of([] { MultiTarget({.triggers = {"rb", "x y"}}); }), code);
}

}  // namespace
}  // namespace ncmlab
