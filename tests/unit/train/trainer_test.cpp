// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/train/trainer.hpp"

#include <gtest/gtest.h>
#include <torch/types.h>

#include <algorithm>
#include <cmath>

#include "error_of.hpp"
#include "golden_case.hpp"
#include "learnable_samples.hpp"
#include "ncmlab/core/diagnostic.hpp"
#include "ncmlab/train/optimizer.hpp"
#include "small_model.hpp"

namespace ncmlab {
namespace {

using testing::accuracy;
using testing::difference;
using testing::fast_options;
using testing::GoldenCase;
using testing::learnable_samples;
using testing::small_model;

class GoldenTrainingTest : public ::testing::TestWithParam<const char*> {};

TEST_P(GoldenTrainingTest, ThreeStepsAgreeWithPyTorch) {
  NCMLAB_NEEDS(golden_data() / "models" / GetParam());
  const GoldenCase golden(GetParam());
  const auto& settings = golden.description["optimizer"];
  const auto encoder = golden.encoder();
  const Head head = golden.head();
  StateDict parameters;
  for (const auto& [name, tensor] : encoder->parameters()) {
    parameters.add("encoder." + name, tensor);
  }
  for (const auto& [name, tensor] : head.parameters()) {
    parameters.add("classifier." + name, tensor);
  }
  TrainingOptions options;
  options.learning_rate = settings["peak_lr"];
  options.adam_eps = settings["eps"];
  options.weight_decay = settings["weight_decay"];
  options.max_grad_norm = settings["max_grad_norm"];
  Optimizer optimizer(parameters, options, settings["warmup_steps"], settings["total_steps"]);
  for (std::int64_t step = 0; step < settings["steps_taken"].get<std::int64_t>(); ++step) {
    const auto expected = [&](const char* name) {
      return golden.expected.at(name)[step].item<double>();
    };
    optimizer.zero_grad();
    const at::Tensor logits =
        head.logits(golden.for_head(encoder->encode(golden.batch(), true)), true);
    const at::Tensor loss = head.losses(logits, golden.labels()).mean();
    EXPECT_NEAR(loss.item<double>(), expected("train.losses"), 1e-5);
    EXPECT_NEAR(optimizer.learning_rate(), expected("train.learning_rates"), 1e-9);
    loss.backward();
    const double norm = expected("train.grad_norms");
    EXPECT_NEAR(optimizer.step(), norm, 1e-5 * norm);
  }
  const StateDict after = read_safetensors(golden.folder / "after_3_steps.safetensors");
  for (const auto& [name, tensor] : parameters) {
    EXPECT_LT(difference(tensor, after.at(name)), 1e-5) << name;
  }
}

INSTANTIATE_TEST_SUITE_P(Cases, GoldenTrainingTest, ::testing::ValuesIn(testing::kGoldenCases));

TEST(TrainTest, LearnsAndReportsEveryEpoch) {
  CodeModel victim = small_model(1, {}, 0.1);
  const auto samples = learnable_samples(victim, 400, Rng(2));
  const auto unseen = learnable_samples(victim, 200, Rng(3));
  int calls = 0;
  std::vector<std::size_t> reported;
  const TrainingHooks hooks{
      .evaluate =
          [&](CodeModel& model) {
            ++calls;
            return std::map<std::string, double>{{"accuracy", accuracy(model, unseen)}};
          },
      .report = [&](const EpochRecord&, std::size_t epoch) { reported.push_back(epoch); }};
  const auto result = train(victim, samples, fast_options(), Rng(4), silent_progress(), hooks);
  const auto& records = result.epochs;
  ASSERT_EQ(records.size(), 8u);
  EXPECT_EQ(result.kept_epoch, 7u);
  EXPECT_EQ(calls, 8);
  EXPECT_EQ(reported, (std::vector<std::size_t>{0, 1, 2, 3, 4, 5, 6, 7}));
  EXPECT_LT(records.back().loss, 0.5 * records.front().loss);
  EXPECT_LT(records.front().accuracy, 0.8);
  EXPECT_GT(records.back().accuracy, 0.85);
  EXPECT_GT(records.back().validation.at("accuracy"), 0.85);
  EXPECT_EQ(victim.work().backward_rows, 8 * 400);
}

TEST(TrainTest, LearnsToSearch) {
  CodeModel victim = small_model(1, HeadShape::for_search(), 0, Pooling::mean);
  // The code of a query is its own text with another beginning.
  auto samples = testing::random_samples(victim, 64, 1, Rng(2));
  for (TokenSample& sample : samples) {
    TokenRow code = sample.parts[0];
    code.ids.insert(code.ids.begin() + 1, {4, 5, 6});
    sample.parts.push_back(std::move(code));
  }
  TrainingOptions options = fast_options();
  options.epochs = 40;
  const auto records = train(victim, samples, options, Rng(3), silent_progress()).epochs;
  EXPECT_LT(records.back().loss, 0.5 * records.front().loss);
  EXPECT_GT(records.back().accuracy, records.front().accuracy);
  EXPECT_GT(records.back().accuracy, 0.8);
}

TEST(TrainTest, SameSeedSameModel) {
  std::vector<at::Tensor> results;
  const auto samples = learnable_samples(small_model(1), 64, Rng(2));
  TrainingOptions options = fast_options();
  options.epochs = 2;
  for (const std::uint64_t seed : {5, 5, 6}) {
    CodeModel victim = small_model(1, {}, 0.1);
    train(victim, samples, options, Rng(seed), silent_progress());
    results.push_back(victim.predict_logits(samples));
  }
  EXPECT_TRUE(at::equal(results[0], results[1]));
  EXPECT_FALSE(at::equal(results[0], results[2]));
}

TEST(TrainTest, HeadOnlyLeavesTheEncoderAsItIs) {
  CodeModel victim = small_model(1, {}, 0.1);
  const StateDict before = victim.parameters().clone();
  const auto samples = learnable_samples(victim, 64, Rng(2));
  TrainingOptions options = fast_options();
  options.head_only = true;
  options.epochs = 40;
  const auto records = train(victim, samples, options, Rng(3), silent_progress()).epochs;
  EXPECT_LT(records.back().loss, records.front().loss);
  EXPECT_EQ(victim.work().forward_rows, 64);
  for (const auto& [name, tensor] : victim.parameters()) {
    EXPECT_EQ(at::equal(tensor, before.at(name)), name.starts_with("encoder.")) << name;
  }
}

TEST(TrainTest, GradientsOfASplitBatchAreThoseOfTheWhole) {
  // 200 samples of up to 42 tokens exceed what is held at a time, so the batch is split.
  CodeModel split = small_model(1);
  CodeModel whole = small_model(1);
  const auto samples = learnable_samples(split, 300, Rng(2));
  TrainingOptions options;
  options.epochs = 1;
  options.warmup = 0;
  options.learning_rate = 1e-3;
  options.adam_eps = 1e-2;
  options.batch_size = 300;
  train(split, samples, options, Rng(3), silent_progress());
  std::vector<std::size_t> all(samples.size());
  std::vector<std::int64_t> labels;
  for (std::size_t i = 0; i < all.size(); ++i) {
    all[i] = i;
    labels.push_back(samples[i].label);
  }
  Optimizer optimizer(whole.parameters(), options, 0, 1);
  whole.head()
      .losses(whole.logits(make_batch(samples, all, 1), true), torch::tensor(labels))
      .mean()
      .backward();
  optimizer.step();
  const StateDict expected = whole.parameters();
  for (const auto& [name, tensor] : split.parameters()) {
    EXPECT_LT(difference(tensor, expected.at(name)), 2e-6) << name;
  }
}

TEST(TrainTest, ReportsDivergenceAndBadLabels) {
  const auto code = [](CodeModel& victim, const std::vector<TokenSample>& samples) {
    return code_of([&] { train(victim, samples, fast_options(), Rng(1), silent_progress()); });
  };
  CodeModel victim = small_model(1);
  auto samples = learnable_samples(victim, 20, Rng(2));
  samples[3].label = 2;
  EXPECT_EQ(code(victim, samples), "train.bad-label");
  samples[3].label = 1;
  victim.head().parameters().at("out_proj.bias").detach().fill_(std::nan(""));
  EXPECT_EQ(code(victim, samples), "train.diverged");
}

TEST(TrainTest, AHeadWithoutParametersIsNotTrainedAlone) {
  CodeModel victim = small_model(1, HeadShape::for_search());
  TrainingOptions options = fast_options();
  options.head_only = true;
  EXPECT_EQ(code_of([&] { train(victim, {}, options, Rng(1), silent_progress()); }),
            "train.no-head");
}

TEST(TrainTest, NoSamplesNoSteps) {
  CodeModel victim = small_model(1);
  const auto records = train(victim, {}, fast_options(), Rng(1), silent_progress()).epochs;
  EXPECT_EQ(records.size(), 8u);
  EXPECT_EQ(records.front().loss, 0);
}

TEST(TrainTest, EndsAfterSoManySteps) {
  // 10 samples in batches of 4 are 3 steps an epoch.
  for (const auto& [steps, epochs, rows] :
       {std::tuple(1, 1, 4), std::tuple(3, 1, 10), std::tuple(5, 2, 18), std::tuple(6, 2, 20)}) {
    CodeModel model = small_model(1);
    const auto samples = learnable_samples(model, 10, Rng(2));
    const TrainingOptions options{.epochs = 99, .steps = steps, .batch_size = 4};
    const TrainingResult result = train(model, samples, options, Rng(3), silent_progress());
    EXPECT_EQ(result.epochs.size(), static_cast<std::size_t>(epochs)) << steps;
    EXPECT_EQ(model.work().backward_rows, rows) << steps;
    EXPECT_GT(result.epochs.back().loss, 0.1) << "a mean over what was seen";
    EXPECT_LT(result.epochs.back().loss, 5) << "a mean over what was seen";
  }
}

TEST(TrainTest, AsManyStepsAsTheEpochsMakeAreTheSameTraining) {
  CodeModel by_epochs = small_model(1), by_steps = small_model(1);
  const auto samples = learnable_samples(by_epochs, 10, Rng(2));
  train(by_epochs, samples, {.epochs = 2, .learning_rate = 1e-3, .batch_size = 4}, Rng(3),
        silent_progress());
  train(by_steps, samples, {.learning_rate = 1e-3, .steps = 6, .batch_size = 4}, Rng(3),
        silent_progress());
  for (const auto& [name, tensor] : by_epochs.parameters()) {
    EXPECT_TRUE(torch::equal(tensor, by_steps.parameters().at(name))) << name;
  }
}

}  // namespace
}  // namespace ncmlab
