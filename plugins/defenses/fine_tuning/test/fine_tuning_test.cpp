// SPDX-License-Identifier: Apache-2.0
#include "fine_tuning.hpp"

#include <gtest/gtest.h>
#include <torch/types.h>

#include "error_of.hpp"
#include "toy_task.hpp"

namespace ncmlab {
namespace {

DefenseOutcome run(CodeModel& victim, const std::vector<Example>& clean, FineTuningConfig config) {
  const ToyTask task;
  DefenseContext context{victim, TaskView(task), clean, {}, Rng(3), silent_progress()};
  return FineTuning(config).defend(context);
}

TEST(FineTuningTest, LearnsFromTheCleanSamples) {
  const std::vector<Example> examples = toy_functions(200, Rng(1));
  CodeModel victim = toy_victim(examples, Rng(2));
  const StateDict before = victim.parameters().clone();
  const DefenseOutcome outcome =
      run(victim, examples, {{.epochs = 12, .learning_rate = 3e-3, .batch_size = 16}});
  EXPECT_TRUE(outcome.repaired);
  EXPECT_EQ(outcome.figures.at("clean_samples"), 200);
  EXPECT_GT(accuracy(victim, examples), 0.9);
  const std::string query = "encoder.encoder.layer.0.attention.self.query.weight";
  EXPECT_FALSE(torch::equal(victim.parameters().at(query), before.at(query)))
      << "the encoder is trained, too";
}

TEST(FineTuningTest, SameSeedGivesSameWeights) {
  const std::vector<Example> examples = toy_functions(40, Rng(1));
  CodeModel first = toy_victim(examples, Rng(2));
  CodeModel second = toy_victim(examples, Rng(2));
  run(first, examples, {{.epochs = 2, .learning_rate = 1e-3}});
  run(second, examples, {{.epochs = 2, .learning_rate = 1e-3}});
  for (const auto& [name, tensor] : first.parameters()) {
    EXPECT_TRUE(torch::equal(tensor, second.parameters().at(name))) << name;
  }
}

TEST(FineTuningTest, RefusesToWorkWithoutCleanSamples) {
  CodeModel victim = toy_victim(toy_functions(8, Rng(1)), Rng(2));
  EXPECT_EQ(code_of([&] { run(victim, {}, {}); }), "defense.no-clean-samples");
}

TEST(FineTuningTest, KeepsToABudget) {
  const std::vector<Example> examples = toy_functions(40, Rng(1));
  CodeModel victim = toy_victim(examples, Rng(2));
  const ToyTask task;
  DefenseContext context{victim, TaskView(task), examples, {}, Rng(3), silent_progress()};
  context.budget = {.steps = 3, .batch_size = 8, .learning_rates = {1e-3}, .poison_share = {}};
  const DefenseOutcome outcome = FineTuning({{.epochs = 9}}).defend(context);
  EXPECT_EQ(victim.work().backward_rows, 24);
  EXPECT_EQ(outcome.figures.at("learning_rate"), 1e-3);
}

}  // namespace
}  // namespace ncmlab
