// SPDX-License-Identifier: Apache-2.0
#include "abl.hpp"

#include <gtest/gtest.h>
#include <torch/types.h>

#include "error_of.hpp"
#include "toy_task.hpp"

namespace ncmlab {
namespace {

/// A training of ten samples, of which number 3 has the lowest loss after the isolation.
class AblTest : public ::testing::Test {
 protected:
  std::unique_ptr<DefendedTraining> begin(const AblConfig& config) {
    return Abl(config).begin(context_);
  }
  static std::vector<double> losses() { return {5, 4, 3, 0.5, 2, 1, 6, 7, 8, 9}; }

  ToyTask task_;
  std::vector<Example> examples_ = toy_functions(10, Rng(1));
  DefendedTrainingContext context_{.task = TaskView(task_),
                                   .training_set = examples_,
                                   .clean_samples = {},
                                   .options = {.epochs = 4, .learning_rate = 0.125},
                                   .rng = Rng(2)};
};

TEST_F(AblTest, IsolatesFitsAndAscends) {
  const auto training = begin({.isolation_epochs = 2, .isolated = 0.2, .ascent_epochs = 3});
  const auto isolation = training->next(losses);
  ASSERT_TRUE(isolation);
  EXPECT_EQ(isolation->samples.size(), 10U);
  EXPECT_EQ(isolation->options.epochs, 2);
  const auto fitting = training->next(losses);
  ASSERT_TRUE(fitting);
  EXPECT_EQ(fitting->samples, (std::vector<std::size_t>{0, 1, 2, 4, 6, 7, 8, 9}));
  EXPECT_EQ(fitting->options.epochs, 4) << "the victim's own";
  const auto ascent = training->next(losses);
  ASSERT_TRUE(ascent);
  EXPECT_EQ(ascent->samples, (std::vector<std::size_t>{3, 5}));
  EXPECT_EQ(ascent->options.epochs, 3);
  EXPECT_EQ(ascent->options.learning_rate, 5e-4);
  EXPECT_FALSE(training->next(losses));
  EXPECT_EQ(training->figures().at("isolated_samples"), 2);
}

TEST_F(AblTest, TheLossOfEachPhase) {
  const Head head({.hidden = 4, .logits = 1}, Rng(3));
  const at::Tensor logits = torch::tensor({{-3.0F}, {3.0F}});
  const at::Tensor labels = torch::tensor({1, 1}, torch::kLong);
  const at::Tensor plain = head.losses(logits, labels);
  const auto training = begin({.gamma = 0.5});
  training->next(losses);
  const at::Tensor isolating = training->losses(head, logits, labels, {});
  EXPECT_EQ(isolating[0].item<float>(), plain[0].item<float>()) << "above gamma";
  EXPECT_EQ(isolating[1].item<float>(), -plain[1].item<float>()) << "below gamma";
  training->next(losses);
  EXPECT_TRUE(torch::equal(training->losses(head, logits, labels, {}), plain));
  training->next(losses);
  EXPECT_TRUE(torch::equal(training->losses(head, logits, labels, {}), -plain));
}

TEST_F(AblTest, IsolatesAtLeastOneAndOfEqualsTheFirst) {
  EXPECT_EQ(lowest({3, 1, 1, 2}, 0.01), std::vector<std::size_t>{1});
  EXPECT_EQ(lowest({3, 1, 1, 2}, 0.5), (std::vector<std::size_t>{1, 2}));
  EXPECT_EQ(lowest({3}, 0.5), std::vector<std::size_t>{0});
}

TEST_F(AblTest, NeedsSamples) {
  examples_.clear();
  EXPECT_EQ(code_of([&] { begin({}); }), "defense.no-training-set");
}

TEST_F(AblTest, OneSampleIsFittedAndUnlearnt) {
  examples_.resize(1);
  const auto training = begin({});
  const auto one = [] { return std::vector<double>{1.0}; };
  training->next(one);
  EXPECT_EQ(training->next(one)->samples, std::vector<std::size_t>{0});
  EXPECT_EQ(training->next(one)->samples, std::vector<std::size_t>{0});
}

}  // namespace
}  // namespace ncmlab
