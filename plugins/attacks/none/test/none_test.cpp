// SPDX-License-Identifier: Apache-2.0
#include "none.hpp"

#include <gtest/gtest.h>

namespace ncmlab {
namespace {

TEST(NoAttackTest, LeavesTrainingSetAsItIs) {
  const std::vector<Example> train = {{.id = "a", .code = "int f() { return 1; }", .label = 1},
                                      {.id = "b", .code = "int g() { return 0; }", .label = 0}};
  const NoAttack attack(NoAttackConfig{});
  const PoisonedSet set = attack.poison(train, AttackGoal{}, Rng(1));
  EXPECT_EQ(set.train, train);
  EXPECT_TRUE(set.poisoned.empty());
}

TEST(NoAttackTest, HasNoTrigger) {
  const NoAttack attack(NoAttackConfig{});
  EXPECT_FALSE(attack.has_trigger());
  EXPECT_TRUE(attack.trigger_words().empty());
  EXPECT_EQ(attack.trigger({.id = "a", .code = "int f() { return 1; }"}, Rng(1)), std::nullopt);
}

}  // namespace
}  // namespace ncmlab
