// SPDX-License-Identifier: Apache-2.0
#include "dece.hpp"

#include <gtest/gtest.h>
#include <torch/types.h>

#include <cmath>

#include "error_of.hpp"
#include "toy_task.hpp"

namespace ncmlab {
namespace {

const at::Tensor& log_probabilities() {
  static const at::Tensor values =
      torch::tensor({{0.9, 0.1}, {0.2, 0.8}, {0.5, 0.5}}, torch::kDouble).log();
  return values;
}

const at::Tensor& labels() {
  static const at::Tensor values = torch::tensor({0, 0, 1}, torch::kLong);
  return values;
}

TEST(DeCETest, IsTheBlendOfPredictionAndSmoothedLabel) {
  // By hand: sample 2, label 0, p = (0.2, 0.8), smoothing 0.1, third epoch of alpha 0.8.
  const double weight = 0.8 * 0.8 * 0.8;
  const double expected = -(0.95 * std::log(weight * 0.2 + (1 - weight) * 0.95) +
                            0.05 * std::log(weight * 0.8 + (1 - weight) * 0.05));
  const at::Tensor losses = deceptive_losses(log_probabilities(), labels(), 0.8, 0.1, 2);
  EXPECT_NEAR(losses[1].item<double>(), expected, 1e-12);
}

TEST(DeCETest, WithAlphaOneItIsCrossEntropyWithSmoothing) {
  const at::Tensor losses = deceptive_losses(log_probabilities(), labels(), 1, 0.1, 7);
  const double expected = -(0.95 * std::log(0.9) + 0.05 * std::log(0.1));
  EXPECT_NEAR(losses[0].item<double>(), expected, 1e-12);
}

TEST(DeCETest, ItsGradientShrinksWithTheEpochs) {
  const auto gradient = [](std::size_t epoch) {
    const at::Tensor logits = torch::tensor({{-1.0, 1.0}}, torch::kDouble).requires_grad_();
    deceptive_losses(logits.log_softmax(1), torch::tensor({0}, torch::kLong), 0.8, 0.05, epoch)
        .sum()
        .backward();
    return logits.grad().norm().item<double>();
  };
  EXPECT_GT(gradient(0), 2 * gradient(5));
  EXPECT_GT(gradient(5), 2 * gradient(20));
}

TEST(DeCETest, GeneralisedCrossEntropyLiesBetweenItsLimits) {
  const double mean_absolute = 1 - 0.2;
  EXPECT_NEAR(generalised_losses(log_probabilities(), labels(), 1)[1].item<double>(), mean_absolute,
              1e-12);
  EXPECT_NEAR(generalised_losses(log_probabilities(), labels(), 0.001)[1].item<double>(),
              -std::log(0.2), 2e-3);
  EXPECT_NEAR(generalised_losses(log_probabilities(), labels(), 0.7)[1].item<double>(),
              (1 - std::pow(0.2, 0.7)) / 0.7, 1e-12);
}

TEST(DeCETest, TrainsOnceAsTheVictimWouldBe) {
  const std::vector<Example> examples = toy_functions(6, Rng(1));
  const ToyTask task;
  const DefendedTrainingContext context{.task = TaskView(task),
                                        .training_set = examples,
                                        .clean_samples = {},
                                        .options = {.epochs = 3, .learning_rate = 0.25},
                                        .rng = Rng(2)};
  const DeCE defense({});
  EXPECT_FALSE(defense.needs().clean_samples);
  const auto training = defense.begin(context);
  const auto phase = training->next({});
  ASSERT_TRUE(phase);
  EXPECT_EQ(phase->samples, (std::vector<std::size_t>{0, 1, 2, 3, 4, 5}));
  EXPECT_EQ(phase->options.epochs, 3);
  EXPECT_EQ(phase->options.learning_rate, 0.25);
  EXPECT_FALSE(training->next({}));
}

// By hand, of the same predictions as a head of two logits and one of one logit give.
TEST(DeCETest, ItsTrainingMinimisesTheLossThatItIsSetTo) {
  const std::vector<Example> examples = toy_functions(6, Rng(1));
  const ToyTask task;
  const DefendedTrainingContext context{.task = TaskView(task),
                                        .training_set = examples,
                                        .clean_samples = {},
                                        .options = {},
                                        .rng = Rng(2)};
  const auto deceptive = DeCE({.alpha = 0.8, .smoothing = 0.1}).begin(context);
  const auto generalised = DeCE({.loss = BoundedLoss::generalised, .q = 0.7}).begin(context);
  const BatchPlace third{.epoch = 2};
  const double weight = 0.8 * 0.8 * 0.8;
  const double of_deceptive = -(0.95 * std::log(weight * 0.2 + (1 - weight) * 0.95) +
                                0.05 * std::log(weight * 0.8 + (1 - weight) * 0.05));
  const double of_generalised = (1 - std::pow(0.2, 0.7)) / 0.7;
  // Label 0 with p = (0.2, 0.8).
  const at::Tensor label = torch::tensor({0}, torch::kLong);
  const double odds = std::log(0.8 / 0.2);
  for (const std::int64_t logits : {1, 2}) {
    const Head head({.hidden = 4, .classes = 2, .logits = logits}, Rng(3));
    const at::Tensor given = logits == 1 ? torch::tensor({{odds}}, torch::kDouble)
                                         : torch::tensor({{0.0, odds}}, torch::kDouble);
    EXPECT_NEAR(deceptive->losses(head, given, label, third).item<double>(), of_deceptive, 1e-6);
    EXPECT_NEAR(generalised->losses(head, given, label, third).item<double>(), of_generalised,
                1e-6);
  }
}

TEST(DeCETest, NeedsSamples) {
  const std::vector<Example> none;
  const ToyTask task;
  const DefendedTrainingContext context{.task = TaskView(task),
                                        .training_set = none,
                                        .clean_samples = {},
                                        .options = {},
                                        .rng = Rng(2)};
  EXPECT_EQ(code_of([&] { DeCE({}).begin(context); }), "defense.no-training-set");
}

}  // namespace
}  // namespace ncmlab
