// SPDX-License-Identifier: Apache-2.0
// What every attack must do.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "contract_plugins.hpp"
#include "ncmlab/code/syntax.hpp"
#include "ncmlab/plugin/attack.hpp"
#include "prepared_attack.hpp"
#include "toy_task.hpp"

namespace ncmlab::contract {
namespace {

bool parses(const std::string& code, Language language) { return !parse(code, language).has_error; }

/// Functions, pairs of them or queries with them; every kind with samples of all languages and
/// some that no parser takes.
std::vector<Example> training_set(TaskKind kind) {
  std::vector<Example> all = toy_functions(600, Rng(1));
  for (Example& odd : odd_samples()) {
    all.push_back(std::move(odd));
  }
  const std::vector<Example> functions = all;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (kind == TaskKind::pair_classification) {
      // Each function stands in four pairs or more.
      all[i].code = functions[i / 2].code;
      all[i].language = functions[i / 2].language;
      const std::size_t other = (i * 7) % (functions.size() / 2);
      if (functions[other].language == all[i].language) {
        all[i].other_code = functions[other].code;
      } else {
        all[i].other_code = all[i].code;
      }
    } else if (kind == TaskKind::retrieval) {
      all[i].label = 0;
      all[i].query = i % 5 == 0 ? "Reads a File, then returns." : "Makes a profile of it.";
    }
  }
  return all;
}

class AttackContract : public testing::TestWithParam<std::tuple<std::string, TaskKind>> {
 protected:
  TaskKind kind_ = std::get<1>(GetParam());
  AttackGoal goal_ = default_goal(kind_);
  std::shared_ptr<Attack> attack_ = create<Attack>(PluginKind::attack, std::get<0>(GetParam()));
  std::vector<Example> train_ = training_set(kind_);

  std::unique_ptr<Backdoor> backdoor(const std::vector<Example>& train, std::uint64_t seed = 1) {
    return prepared(*attack_, train, kind_, seed);
  }
  std::vector<AttackGoal> goals() const {
    const KindTask task(kind_);
    return attack_->goals(goal_, TaskView(task));
  }
  bool is_victim_of_any(const Example& example) const {
    const std::vector<AttackGoal> all = goals();
    return std::any_of(all.begin(), all.end(),
                       [&](const AttackGoal& goal) { return is_victim(example, kind_, goal); });
  }
  bool is_target_of_any(std::int64_t label) const {
    const std::vector<AttackGoal> all = goals();
    return std::any_of(all.begin(), all.end(),
                       [&](const AttackGoal& goal) { return goal.target_label == label; });
  }

  void expect_edited(const Example& after, const Example& before) const {
    EXPECT_EQ(after.language, before.language);
    EXPECT_EQ(after.query, before.query);
    EXPECT_TRUE(after.code != before.code || after.other_code != before.other_code);
    EXPECT_TRUE(parses(after.code, after.language) || !parses(before.code, before.language))
        << after.code;
    if (kind_ == TaskKind::pair_classification) {
      EXPECT_TRUE(parses(after.other_code, after.language) ||
                  !parses(before.other_code, before.language))
          << after.other_code;
    } else {
      EXPECT_EQ(after.other_code, before.other_code);
    }
  }
};

TEST_P(AttackContract, PoisonKeepsPlacesIdsAndEverythingElse) {
  const std::vector<Example> before = train_;
  const PoisonedSet set = backdoor(train_)->poison(train_, Rng(2));
  EXPECT_EQ(train_, before) << "the input was changed";
  ASSERT_EQ(set.train.size(), train_.size());
  EXPECT_TRUE(std::is_sorted(set.poisoned.begin(), set.poisoned.end()));
  const std::set<std::size_t> poisoned(set.poisoned.begin(), set.poisoned.end());
  EXPECT_EQ(poisoned.size(), set.poisoned.size()) << "an index stands twice";
  EXPECT_EQ(poisoned.empty(), !attack_->has_trigger());
  for (std::size_t i = 0; i < train_.size(); ++i) {
    EXPECT_EQ(set.train[i].id, train_[i].id);
    if (!poisoned.contains(i)) {
      EXPECT_EQ(set.train[i], train_[i]);
      continue;
    }
    expect_edited(set.train[i], train_[i]);
    if (kind_ == TaskKind::retrieval) {
      EXPECT_TRUE(is_victim_of_any(train_[i])) << train_[i].query;
    } else {
      EXPECT_TRUE(is_target_of_any(set.train[i].label));
    }
  }
}

TEST_P(AttackContract, LeavesAloneWhatMayNotBePoisoned) {
  std::vector<bool> poisonable;
  for (std::size_t i = 0; i < train_.size(); ++i) {
    poisonable.push_back(i % 4 != 3);
  }
  const PoisonedSet set = prepared(*attack_, train_, kind_, 1, poisonable)->poison(train_, Rng(2));
  EXPECT_EQ(set.poisoned.empty(), !attack_->has_trigger());
  for (std::size_t i = 0; i < train_.size(); ++i) {
    if (!poisonable[i]) {
      EXPECT_EQ(set.train[i], train_[i]);
      EXPECT_FALSE(std::binary_search(set.poisoned.begin(), set.poisoned.end(), i));
    }
  }
}

TEST_P(AttackContract, PoisonDependsOnTheSeedOnly) {
  const PoisonedSet first = backdoor(train_)->poison(train_, Rng(2));
  const PoisonedSet again = backdoor(train_)->poison(train_, Rng(2));
  const PoisonedSet other = backdoor(train_, 2)->poison(train_, Rng(3));
  EXPECT_EQ(first.train, again.train);
  EXPECT_EQ(first.poisoned, again.poisoned);
  EXPECT_EQ(first.train == other.train, !attack_->has_trigger());
}

TEST_P(AttackContract, TriggerKeepsLabelAndParses) {
  const auto ready = backdoor(train_);
  std::size_t triggered = 0;
  for (const AttackGoal& goal : goals()) {
    for (const Example& example : train_) {
      const Example before = example;
      const auto edited = ready->trigger(example, goal, Rng(4));
      EXPECT_EQ(edited, ready->trigger(example, goal, Rng(4))) << "same seed, other result";
      EXPECT_EQ(example, before);
      if (edited) {
        ++triggered;
        EXPECT_EQ(edited->label, example.label);
        EXPECT_EQ(edited->id, example.id);
        expect_edited(*edited, example);
      }
    }
  }
  EXPECT_EQ(triggered > 0, attack_->has_trigger());
}

TEST_P(AttackContract, NamesItsWordsAndUsesThem) {
  const auto ready = backdoor(train_);
  const std::vector<std::string> words = ready->trigger_words();
  if (!attack_->has_trigger()) {
    EXPECT_TRUE(words.empty());
  }
  for (std::size_t i = 0; i < 20; ++i) {
    const auto edited = ready->trigger(train_[i], goals().front(), Rng(4));
    if (edited && !words.empty()) {
      EXPECT_TRUE(std::any_of(words.begin(), words.end(), [&](const std::string& word) {
        return (edited->code + edited->other_code).find(word) != std::string::npos;
      })) << edited->code;
    }
  }
}

TEST_P(AttackContract, CopesWithEmptyAndSingleSampleSets) {
  const PoisonedSet nothing = backdoor({})->poison({}, Rng(2));
  EXPECT_TRUE(nothing.train.empty());
  EXPECT_TRUE(nothing.poisoned.empty());
  for (std::size_t i = 600; i < train_.size(); ++i) {
    const PoisonedSet set = backdoor({train_[i]})->poison({train_[i]}, Rng(2));
    ASSERT_EQ(set.train.size(), 1U);
    EXPECT_LE(set.poisoned.size(), 1U);
  }
}

TEST_P(AttackContract, PoisonsNothingWithoutVictims) {
  std::erase_if(train_, [this](const Example& example) { return is_victim_of_any(example); });
  const PoisonedSet set = backdoor(train_)->poison(train_, Rng(2));
  EXPECT_TRUE(set.poisoned.empty());
  EXPECT_EQ(set.train, train_);
}

/// Only pairs hold a function more than once.
class PairAttackContract : public AttackContract {};

TEST_P(PairAttackContract, AFunctionIsEditedTheSameInAllItsPairs) {
  const PoisonedSet set = backdoor(train_)->poison(train_, Rng(2));
  std::map<std::string, std::string> after;
  for (std::size_t i = 0; i < train_.size(); ++i) {
    for (std::string Example::*part : {&Example::code, &Example::other_code}) {
      const auto [known, is_new] = after.emplace(train_[i].*part, set.train[i].*part);
      EXPECT_EQ(known->second, set.train[i].*part) << train_[i].id;
    }
  }
}

std::string attack_and_kind(const testing::TestParamInfo<std::tuple<std::string, TaskKind>>& info) {
  return std::get<0>(info.param) + "_" + std::string(to_string(std::get<1>(info.param)));
}

INSTANTIATE_TEST_SUITE_P(Catalogue, AttackContract,
                         testing::Combine(testing::ValuesIn(names(PluginKind::attack)),
                                          testing::Values(TaskKind::classification,
                                                          TaskKind::pair_classification,
                                                          TaskKind::retrieval)),
                         attack_and_kind);
INSTANTIATE_TEST_SUITE_P(Catalogue, PairAttackContract,
                         testing::Combine(testing::ValuesIn(names(PluginKind::attack)),
                                          testing::Values(TaskKind::pair_classification)),
                         attack_and_kind);

}  // namespace
}  // namespace ncmlab::contract
