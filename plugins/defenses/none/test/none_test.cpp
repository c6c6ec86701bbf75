// SPDX-License-Identifier: Apache-2.0
#include "none.hpp"

#include <gtest/gtest.h>
#include <torch/types.h>

#include "toy_task.hpp"

namespace ncmlab {
namespace {

TEST(NoDefenseTest, LeavesVictimAndSaysNothing) {
  const std::vector<Example> examples = toy_functions(8, Rng(1));
  CodeModel victim = toy_victim(examples, Rng(2));
  const StateDict before = victim.parameters().clone();
  const ToyTask task;
  DefenseContext context{victim, TaskView(task), {}, {}, Rng(3), silent_progress()};
  const DefenseOutcome outcome = NoDefense(NoDefenseConfig{}).defend(context);
  EXPECT_FALSE(outcome.repaired);
  EXPECT_FALSE(outcome.backdoored.has_value());
  EXPECT_TRUE(outcome.triggers.empty());
  for (const auto& [name, tensor] : victim.parameters()) {
    EXPECT_TRUE(torch::equal(tensor, before.at(name))) << name;
  }
}

}  // namespace
}  // namespace ncmlab
