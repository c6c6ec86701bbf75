// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "golden_case.hpp"
#include "learnable_samples.hpp"
#include "ncmlab/train/trainer.hpp"

namespace ncmlab {
namespace {

using testing::difference;
using testing::learnable_samples;
using testing::random_samples;
using testing::small_model;

/// An epsilon that keeps tiny gradients from being blown up to whole steps.
TrainingOptions smooth_options(std::int64_t batch_size, std::int64_t accumulation) {
  TrainingOptions options;
  options.epochs = 2;
  options.learning_rate = 1e-3;
  options.adam_eps = 1e-2;
  options.batch_size = batch_size;
  options.accumulation = accumulation;
  return options;
}

TEST(AccumulationTest, SeveralBatchesMakeTheStepOfOneBigOne) {
  CodeModel many = small_model(1);
  CodeModel one = small_model(1);
  const StateDict before = one.parameters().clone();
  // 54 = 3 steps of 16 and a shorter one, whose last batch is shorter still.
  const auto samples = learnable_samples(many, 54, Rng(2));
  const auto accumulated =
      train(many, samples, smooth_options(4, 4), Rng(3), silent_progress()).epochs;
  const auto whole = train(one, samples, smooth_options(16, 1), Rng(3), silent_progress()).epochs;
  for (std::size_t epoch = 0; epoch < 2; ++epoch) {
    EXPECT_NEAR(accumulated[epoch].loss, whole[epoch].loss, 1e-5);
    EXPECT_EQ(accumulated[epoch].accuracy, whole[epoch].accuracy);
  }
  const StateDict expected = one.parameters();
  double moved = 0;
  for (const auto& [name, tensor] : many.parameters()) {
    EXPECT_LT(difference(tensor, expected.at(name)), 2e-6) << name;
    moved = std::max(moved, difference(tensor, before.at(name)));
  }
  EXPECT_GT(moved, 1e-3);
}

TEST(AccumulationTest, ABatchWithoutAccumulationStepsMoreOften) {
  CodeModel often = small_model(1);
  CodeModel seldom = small_model(1);
  const auto samples = learnable_samples(often, 32, Rng(2));
  train(often, samples, smooth_options(4, 1), Rng(3), silent_progress());
  train(seldom, samples, smooth_options(4, 4), Rng(3), silent_progress());
  EXPECT_GT(difference(often.parameters().at("classifier.out_proj.weight"),
                       seldom.parameters().at("classifier.out_proj.weight")),
            1e-3);
}

TEST(AccumulationTest, EachBatchOfASearchHasItsOwnNegatives) {
  const auto loss = [](std::int64_t batch_size, std::int64_t accumulation) {
    CodeModel victim = small_model(1, HeadShape::for_search());
    const auto samples = random_samples(victim, 16, 2, Rng(2));
    TrainingOptions options = smooth_options(batch_size, accumulation);
    options.learning_rate = 0;
    return train(victim, samples, options, Rng(3), silent_progress()).epochs.front().loss;
  };
  EXPECT_NEAR(loss(4, 4), loss(4, 1), 1e-5);
  // With a quarter of the negatives the task is easier.
  EXPECT_LT(loss(4, 4) + 0.5, loss(16, 1));
}

}  // namespace
}  // namespace ncmlab
