// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "learnable_samples.hpp"
#include "ncmlab/core/diagnostic.hpp"
#include "ncmlab/train/trainer.hpp"

namespace ncmlab {
namespace {

using testing::fast_options;
using testing::learnable_samples;
using testing::small_model;

/// Hooks that report these metrics epoch by epoch and keep the weights of each.
struct Script {
  std::vector<double> metrics;
  std::vector<StateDict> weights = {};

  TrainingHooks hooks() {
    return {.evaluate = [this](CodeModel& victim) {
      weights.push_back(victim.parameters().clone());
      return std::map<std::string, double>{{"accuracy", metrics.at(weights.size() - 1)},
                                           {"f1", 0.5}};
    }};
  }
};

TrainingResult run(CodeModel& victim, Script& script, TrainingOptions options) {
  options.batch_size = 32;
  return train(victim, learnable_samples(victim, 64, Rng(2)), options, Rng(4), silent_progress(),
               script.hooks());
}

void expect_weights(const CodeModel& victim, const StateDict& expected) {
  for (const auto& [name, tensor] : victim.parameters()) {
    EXPECT_TRUE(at::equal(tensor, expected.at(name))) << name;
  }
}

TEST(EarlyStoppingTest, StopsAfterThePatienceWithTheBestWeights) {
  CodeModel victim = small_model(1, {}, 0.1);
  Script script{.metrics = {0.5, 0.7, 0.7, 0.6, 0.9}};
  TrainingOptions options = fast_options();
  options.early_stopping = 2;
  const TrainingResult result = run(victim, script, options);
  // The fourth epoch is the second in a row that is not better than the second.
  EXPECT_EQ(result.epochs.size(), 4u);
  EXPECT_EQ(result.kept_epoch, 1u);
  expect_weights(victim, script.weights[1]);
}

TEST(EarlyStoppingTest, KeepsTheBestEpochOfATrainingThatRanToItsEnd) {
  CodeModel victim = small_model(1);
  Script script{.metrics = {0.5, 0.9, 0.8, 0.7}};
  TrainingOptions options = fast_options();
  options.epochs = 4;
  options.early_stopping = 3;
  const TrainingResult result = run(victim, script, options);
  EXPECT_EQ(result.epochs.size(), 4u);
  EXPECT_EQ(result.kept_epoch, 1u);
  expect_weights(victim, script.weights[1]);
}

TEST(EarlyStoppingTest, TheLastEpochMayBeTheBest) {
  CodeModel victim = small_model(1);
  Script script{.metrics = {0.5, 0.4, 0.6}};
  TrainingOptions options = fast_options();
  options.epochs = 3;
  options.early_stopping = 2;
  EXPECT_EQ(run(victim, script, options).kept_epoch, 2u);
  expect_weights(victim, script.weights[2]);
}

TEST(EarlyStoppingTest, GoesByTheMetricThatIsNamed) {
  CodeModel victim = small_model(1);
  Script script{.metrics = {0.1, 0.2, 0.3, 0.4}};
  TrainingOptions options = fast_options();
  options.early_stopping = 1;
  options.stopping_metric = ValidationMetric::f1;
  EXPECT_EQ(run(victim, script, options).epochs.size(), 2u);
}

TEST(EarlyStoppingTest, WithoutItTheLastWeightsAreKept) {
  CodeModel victim = small_model(1);
  Script script{.metrics = {0.9, 0.1, 0.1}};
  TrainingOptions options = fast_options();
  options.epochs = 3;
  EXPECT_EQ(run(victim, script, options).kept_epoch, 2u);
  expect_weights(victim, script.weights[2]);
}

TEST(EarlyStoppingTest, NeedsAMetric) {
  CodeModel victim = small_model(1);
  TrainingOptions options = fast_options();
  options.early_stopping = 1;
  try {
    train(victim, learnable_samples(victim, 16, Rng(2)), options, Rng(4), silent_progress());
    ADD_FAILURE() << "it trained";
  } catch (const Error& error) {
    EXPECT_EQ(error.diagnostics().front().code, "train.no-metric");
  }
}

}  // namespace
}  // namespace ncmlab
