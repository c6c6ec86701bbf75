// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/plugin/repair_training.hpp"

#include <gtest/gtest.h>
#include <torch/types.h>

#include "error_of.hpp"
#include "ncmlab/train/trainer.hpp"
#include "toy_task.hpp"

namespace ncmlab {
namespace {

/// A victim, clean samples and others to choose a rate by.
class RepairTrainingTest : public ::testing::Test {
 protected:
  CodeModel fresh() const { return toy_victim(examples_, Rng(2)); }

  DefenseContext context(CodeModel& victim, DefenseBudget budget) const {
    return {.victim = victim,
            .task = TaskView(task_),
            .clean_samples = examples_,
            .training_set = {},
            .rng = Rng(3),
            .progress = silent_progress(),
            .budget = std::move(budget),
            .tuning_samples = toy_functions(40, Rng(9))};
  }

  /// Trains on the clean samples; the options have another rate than any budget here.
  RepairTraining repair(DefenseContext& context, double share = 1) const {
    return train_repair(context, context.task.tokenize(context.victim, context.clean_samples),
                        {.epochs = 2, .learning_rate = 7e-4, .batch_size = 20}, Rng(5), share);
  }

  /// The weights that train() leaves.
  StateDict trained(const TrainingOptions& options) const {
    CodeModel victim = fresh();
    train(victim, TaskView(task_).tokenize(victim, examples_), options, Rng(5), silent_progress());
    return victim.parameters().clone();
  }

  static void expect_equal(const CodeModel& model, const StateDict& weights) {
    for (const auto& [name, tensor] : model.parameters()) {
      ASSERT_TRUE(torch::equal(tensor, weights.at(name))) << name;
    }
  }

  ToyTask task_;
  std::vector<Example> examples_ = toy_functions(100, Rng(1));
};

TEST_F(RepairTrainingTest, WithoutABudgetItTrainsAsTheOptionsSay) {
  CodeModel victim = fresh();
  DefenseContext given = context(victim, {});
  const RepairTraining training = repair(given);
  EXPECT_EQ(training.learning_rate, 7e-4);
  EXPECT_FALSE(training.tuning_accuracy);
  EXPECT_EQ(victim.work().backward_rows, 200);
  expect_equal(victim, trained({.epochs = 2, .learning_rate = 7e-4, .batch_size = 20}));
}

TEST_F(RepairTrainingTest, TheBudgetsStepsAndBatchesTakeThePlaceOfTheOptions) {
  CodeModel victim = fresh();
  DefenseContext given =
      context(victim, {.steps = 8, .batch_size = 30, .learning_rates = {1e-3}, .poison_share = {}});
  const RepairTraining training = repair(given);
  EXPECT_EQ(training.learning_rate, 1e-3);
  EXPECT_FALSE(training.tuning_accuracy) << "there was nothing to choose";
  EXPECT_EQ(victim.work().backward_rows, 200) << "8 steps: 30 + 30 + 30 + 10, twice";
  expect_equal(victim, trained({.learning_rate = 1e-3, .steps = 8, .batch_size = 30}));

  CodeModel partly = fresh();
  DefenseContext half = context(partly, given.budget);
  repair(half, 0.5);
  EXPECT_EQ(partly.work().backward_rows, 100);
}

TEST_F(RepairTrainingTest, TakesTheRateThatIsBestOnTheTuningSamples) {
  CodeModel victim = fresh();
  // The first learns next to nothing in so few steps.
  DefenseContext given = context(
      victim, {.steps = 60, .batch_size = 20, .learning_rates = {1e-7, 3e-3}, .poison_share = {}});
  const RepairTraining training = repair(given);
  EXPECT_EQ(training.learning_rate, 3e-3);
  ASSERT_TRUE(training.tuning_accuracy);
  EXPECT_EQ(*training.tuning_accuracy, accuracy(victim, given.tuning_samples));
  EXPECT_EQ(victim.work().backward_rows, 2 * 60 * 20) << "each rate counts as work";
  expect_equal(victim, trained({.learning_rate = 3e-3, .steps = 60, .batch_size = 20}));
}

TEST_F(RepairTrainingTest, OfRatesThatAreEquallyGoodItTakesTheHighest) {
  CodeModel victim = fresh();
  DefenseContext given = context(
      victim, {.steps = 1, .batch_size = 20, .learning_rates = {1e-9, 1e-8}, .poison_share = {}});
  EXPECT_EQ(repair(given).learning_rate, 1e-8);
}

TEST_F(RepairTrainingTest, PassesOverARateWithWhichTheLossDiverges) {
  CodeModel victim = fresh();
  DefenseContext given = context(
      victim, {.steps = 20, .batch_size = 20, .learning_rates = {1e-3, 1e30}, .poison_share = {}});
  EXPECT_EQ(repair(given).learning_rate, 1e-3);
  expect_equal(victim, trained({.learning_rate = 1e-3, .steps = 20, .batch_size = 20}));
  given.budget.learning_rates = {1e29, 1e30};
  EXPECT_EQ(code_of([&] { repair(given); }), "train.diverged");
}

TEST_F(RepairTrainingTest, RefusesToChooseByNothing) {
  CodeModel victim = fresh();
  DefenseContext given = context(victim, {.learning_rates = {1e-4, 1e-3}});
  given.tuning_samples.clear();
  EXPECT_EQ(code_of([&] { repair(given); }), "defense.no-tuning-samples");
}

TEST_F(RepairTrainingTest, ItsFiguresSayWhatWasChosen) {
  DefenseOutcome outcome;
  add_figures(RepairTraining{.learning_rate = 1e-3, .loss = 0.5, .tuning_accuracy = 0.0}, outcome);
  EXPECT_EQ(outcome.figures,
            (std::map<std::string, double>{{"learning_rate", 1e-3}, {"tuning_accuracy", 0.0}}));
}

}  // namespace
}  // namespace ncmlab
