// SPDX-License-Identifier: Apache-2.0
// What a caller adds to a training: a loss, a penalty, a look at each step; the losses of samples.
#include <gtest/gtest.h>
#include <torch/types.h>

#include <map>
#include <set>

#include "learnable_samples.hpp"
#include "ncmlab/train/sample_losses.hpp"
#include "ncmlab/train/trainer.hpp"
#include "small_model.hpp"

namespace ncmlab {
namespace {

using testing::fast_options;

CodeModel model_under_test() { return testing::small_model(5); }

std::vector<TokenSample> samples_of(std::size_t count) {
  return testing::learnable_samples(model_under_test(), count, Rng(7));
}

StateDict weights_after(const TrainingHooks& hooks, bool head_only = false) {
  CodeModel model = model_under_test();
  TrainingOptions options = fast_options();
  options.epochs = 2;
  options.head_only = head_only;
  train(model, samples_of(40), options, Rng(3), silent_progress(), hooks);
  return model.parameters().clone();
}

bool equal(const StateDict& a, const StateDict& b) {
  for (const auto& [name, tensor] : a) {
    if (!torch::equal(tensor, b.at(name))) {
      return false;
    }
  }
  return true;
}

TEST(LossesHookTest, ThatOfTheHeadChangesNothing) {
  const CodeModel model = model_under_test();
  const TrainingHooks same{
      .losses = [&](const at::Tensor& logits, const at::Tensor& labels, const BatchPlace&) {
        return model.head().losses(logits, labels);
      }};
  EXPECT_TRUE(equal(weights_after(same), weights_after({})));
  EXPECT_TRUE(equal(weights_after(same, true), weights_after({}, true)));
}

TEST(LossesHookTest, IsWhatIsMinimised) {
  const CodeModel model = model_under_test();
  const TrainingHooks none{
      .losses = [&](const at::Tensor& logits, const at::Tensor& labels, const BatchPlace&) {
        return model.head().losses(logits, labels) * 0;
      }};
  EXPECT_TRUE(equal(weights_after(none), model_under_test().parameters()));
  EXPECT_FALSE(equal(weights_after({}), model_under_test().parameters()));
}

TEST(LossesHookTest, KnowsEpochStepAndSamples) {
  const CodeModel model = model_under_test();
  std::map<std::size_t, std::multiset<std::size_t>> seen;
  std::set<std::int64_t> steps;
  const std::vector<TokenSample> samples = samples_of(40);
  const TrainingHooks watching{
      .losses = [&](const at::Tensor& logits, const at::Tensor& labels, const BatchPlace& place) {
        EXPECT_EQ(labels.size(0), std::ssize(place.samples));
        for (std::size_t i = 0; i < place.samples.size(); ++i) {
          EXPECT_EQ(labels[static_cast<std::int64_t>(i)].item<std::int64_t>(),
                    samples.at(place.samples[i]).label);
        }
        seen[place.epoch].insert(place.samples.begin(), place.samples.end());
        steps.insert(place.step);
        return model.head().losses(logits, labels);
      }};
  weights_after(watching);
  ASSERT_EQ(seen.size(), 2U);
  for (const auto& [epoch, places] : seen) {
    EXPECT_EQ(places.size(), 40U);
    EXPECT_EQ(*places.begin(), 0U);
    EXPECT_EQ(*places.rbegin(), 39U);
  }
  EXPECT_EQ(*steps.begin(), 0);
  EXPECT_EQ(*steps.rbegin(), std::ssize(steps) - 1);
}

TEST(PenaltyHookTest, IsAddedToTheLoss) {
  const TrainingHooks opposite{
      .penalty = [](CodeModel& model, const Batch& batch, const at::Tensor& labels) {
        return -model.head().losses(model.logits(batch, false), labels);
      }};
  CodeModel model = model_under_test();
  TrainingOptions options = fast_options();
  options.epochs = 1;
  const TrainingResult result =
      train(model, samples_of(40), options, Rng(3), silent_progress(), opposite);
  // But for dropout, which the model under test has in its losses, they cancel out.
  EXPECT_LT(std::abs(result.epochs.front().loss), 0.1);
  CodeModel alone = model_under_test();
  EXPECT_GT(train(alone, samples_of(40), options, Rng(3), silent_progress()).epochs[0].loss, 0.3);

  const TrainingHooks nothing{
      .penalty = [](CodeModel& model, const Batch& batch, const at::Tensor& labels) {
        return model.head().losses(model.logits(batch, false), labels) * 0;
      }};
  EXPECT_TRUE(equal(weights_after(nothing), weights_after({})));
  EXPECT_FALSE(equal(weights_after(opposite), weights_after({})));
}

TEST(SteppedHookTest, MayChangeParametersAfterEachStep) {
  CodeModel model = model_under_test();
  const at::Tensor frozen = model.parameters().begin()->second;
  const at::Tensor before = frozen.detach().clone();
  TrainingOptions options = fast_options();
  options.steps = 7;
  std::int64_t steps = 0;
  const TrainingHooks hooks{.stepped = [&] {
    ++steps;
    EXPECT_FALSE(torch::equal(frozen, before));
    const at::NoGradGuard no_grad;
    frozen.copy_(before);
  }};
  train(model, samples_of(40), options, Rng(3), silent_progress(), hooks);
  EXPECT_EQ(steps, 7);
  EXPECT_TRUE(torch::equal(frozen, before));
  EXPECT_FALSE(equal(model.parameters(), model_under_test().parameters()));
}

TEST(SampleLossesTest, AreThoseOfTheHead) {
  CodeModel model = model_under_test();
  const std::vector<TokenSample> samples = samples_of(40);
  const std::vector<double> losses = sample_losses(model, samples, silent_progress());
  ASSERT_EQ(losses.size(), 40U);
  const at::Tensor log_probabilities = model.predict(samples);
  for (std::int64_t i = 0; i < 40; ++i) {
    const std::int64_t label = samples[static_cast<std::size_t>(i)].label;
    EXPECT_NEAR(losses[static_cast<std::size_t>(i)], -log_probabilities[i][label].item<double>(),
                1e-5);
  }
  EXPECT_TRUE(sample_losses(model, {}, silent_progress()).empty());
}

}  // namespace
}  // namespace ncmlab
