// SPDX-License-Identifier: Apache-2.0
#include "none.hpp"

#include <gtest/gtest.h>

#include "prepared_attack.hpp"

namespace ncmlab {
namespace {

TEST(NoAttackTest, LeavesTrainingSetAsItIs) {
  const std::vector<Example> train = {{.id = "a", .code = "int f() { return 1; }", .label = 1},
                                      {.id = "b", .code = "int g() { return 0; }", .label = 0}};
  const auto backdoor = prepared(NoAttack(NoAttackConfig{}), train);
  const PoisonedSet set = backdoor->poison(train, Rng(1));
  EXPECT_EQ(set.train, train);
  EXPECT_TRUE(set.poisoned.empty());
}

TEST(NoAttackTest, HasNoTrigger) {
  const NoAttack attack(NoAttackConfig{});
  EXPECT_FALSE(attack.has_trigger());
  const auto backdoor = prepared(attack, {});
  EXPECT_TRUE(backdoor->trigger_words().empty());
  EXPECT_EQ(backdoor->trigger({.id = "a", .code = "int f() { return 1; }"}, {}, Rng(1)),
            std::nullopt);
}

}  // namespace
}  // namespace ncmlab
