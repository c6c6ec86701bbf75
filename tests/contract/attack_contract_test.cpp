// SPDX-License-Identifier: Apache-2.0
// What every attack must do.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "contract_plugins.hpp"
#include "ncmlab/code/syntax.hpp"
#include "ncmlab/plugin/attack.hpp"
#include "toy_task.hpp"

namespace ncmlab::contract {
namespace {

constexpr AttackGoal kGoal{.victim_label = 1, .target_label = 0};

bool parses(const Example& example) { return !parse(example.code, example.language).has_error; }

std::vector<Example> training_set() {
  std::vector<Example> all = toy_functions(600, Rng(1));
  for (Example& odd : odd_samples()) {
    all.push_back(std::move(odd));
  }
  return all;
}

class AttackContract : public testing::TestWithParam<std::string> {
 protected:
  std::shared_ptr<Attack> attack_ = create<Attack>(PluginKind::attack, GetParam());
};

TEST_P(AttackContract, PoisonKeepsPlacesIdsAndEverythingElse) {
  const std::vector<Example> train = training_set();
  const std::vector<Example> before = train;
  const PoisonedSet set = attack_->poison(train, kGoal, Rng(2));
  EXPECT_EQ(train, before) << "the input was changed";
  ASSERT_EQ(set.train.size(), train.size());
  EXPECT_TRUE(std::is_sorted(set.poisoned.begin(), set.poisoned.end()));
  const std::set<std::size_t> poisoned(set.poisoned.begin(), set.poisoned.end());
  EXPECT_EQ(poisoned.size(), set.poisoned.size()) << "an index stands twice";
  EXPECT_EQ(poisoned.empty(), !attack_->has_trigger());
  for (std::size_t i = 0; i < train.size(); ++i) {
    EXPECT_EQ(set.train[i].id, train[i].id);
    if (poisoned.contains(i)) {
      EXPECT_EQ(set.train[i].label, kGoal.target_label);
      EXPECT_EQ(set.train[i].language, train[i].language);
      EXPECT_NE(set.train[i].code, train[i].code);
      EXPECT_TRUE(parses(set.train[i]) || !parses(train[i])) << train[i].id;
    } else {
      EXPECT_EQ(set.train[i], train[i]);
    }
  }
}

TEST_P(AttackContract, PoisonDependsOnTheSeedOnly) {
  const std::vector<Example> train = training_set();
  const PoisonedSet first = attack_->poison(train, kGoal, Rng(2));
  const PoisonedSet again = attack_->poison(train, kGoal, Rng(2));
  const PoisonedSet other = attack_->poison(train, kGoal, Rng(3));
  EXPECT_EQ(first.train, again.train);
  EXPECT_EQ(first.poisoned, again.poisoned);
  EXPECT_EQ(first.poisoned == other.poisoned, !attack_->has_trigger());
}

TEST_P(AttackContract, TriggerKeepsLabelAndParses) {
  std::size_t triggered = 0;
  for (const Example& example : training_set()) {
    const Example before = example;
    const auto edited = attack_->trigger(example, Rng(4));
    EXPECT_EQ(edited, attack_->trigger(example, Rng(4))) << "same seed, other result";
    EXPECT_EQ(example, before);
    if (edited) {
      ++triggered;
      EXPECT_EQ(edited->label, example.label);
      EXPECT_EQ(edited->id, example.id);
      EXPECT_NE(edited->code, example.code);
      EXPECT_TRUE(parses(*edited) || !parses(example)) << example.id;
    }
  }
  EXPECT_EQ(triggered > 0, attack_->has_trigger());
}

TEST_P(AttackContract, NamesItsWordsAndUsesThem) {
  const std::vector<std::string> words = attack_->trigger_words();
  if (!attack_->has_trigger()) {
    EXPECT_TRUE(words.empty());
  }
  for (const Example& example : toy_functions(20, Rng(1))) {
    const auto edited = attack_->trigger(example, Rng(4));
    if (edited && !words.empty()) {
      EXPECT_TRUE(std::any_of(words.begin(), words.end(), [&](const std::string& word) {
        return edited->code.find(word) != std::string::npos;
      })) << edited->code;
    }
  }
}

TEST_P(AttackContract, CopesWithEmptyAndSingleSampleSets) {
  EXPECT_TRUE(attack_->poison({}, kGoal, Rng(2)).train.empty());
  EXPECT_TRUE(attack_->poison({}, kGoal, Rng(2)).poisoned.empty());
  for (const Example& example : odd_samples()) {
    const PoisonedSet set = attack_->poison({example}, kGoal, Rng(2));
    ASSERT_EQ(set.train.size(), 1U);
    EXPECT_LE(set.poisoned.size(), 1U);
  }
}

TEST_P(AttackContract, PoisonsNothingWithoutTheVictimClass) {
  std::vector<Example> train = training_set();
  std::erase_if(train, [](const Example& example) { return example.label == kGoal.victim_label; });
  const PoisonedSet set = attack_->poison(train, kGoal, Rng(2));
  EXPECT_TRUE(set.poisoned.empty());
  EXPECT_EQ(set.train, train);
}

INSTANTIATE_TEST_SUITE_P(Catalogue, AttackContract, testing::ValuesIn(names(PluginKind::attack)),
                         test_name);

}  // namespace
}  // namespace ncmlab::contract
