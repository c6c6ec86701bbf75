// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/train/trainer.hpp"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <algorithm>
#include <cmath>

#include "../nn/golden_case.hpp"
#include "../nn/small_victim.hpp"
#include "ncmlab/core/diagnostic.hpp"

namespace ncmlab {
namespace {

using testing::difference;
using testing::GoldenCase;
using testing::random_samples;
using testing::small_victim;

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
    const at::Tensor logits = head.logits(encoder->encode(golden.batch(), true), true);
    const at::Tensor loss = head.losses(logits, golden.inputs.at("labels")).mean();
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

INSTANTIATE_TEST_SUITE_P(Cases, GoldenTrainingTest,
                         ::testing::Values("codebert_defect", "codebert_clone",
                                           "unixcoder_defect"));

/// Samples whose label says whether they contain token 7.
std::vector<TokenSample> learnable_samples(const Victim& victim, std::size_t count, Rng rng) {
  auto samples = random_samples(victim, count, 1, rng.stream("samples"));
  for (TokenSample& sample : samples) {
    auto& ids = sample.parts[0].ids;
    std::replace(ids.begin(), ids.end(), std::int64_t{7}, std::int64_t{8});
    sample.label = rng.between(0, 1);
    if (sample.label == 1) {
      ids[static_cast<std::size_t>(rng.between(1, static_cast<std::int64_t>(ids.size()) - 2))] = 7;
    }
  }
  return samples;
}

double accuracy(Victim& victim, const std::vector<TokenSample>& samples) {
  const at::Tensor predicted = victim.predict(samples).argmax(1);
  double hits = 0;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    hits += predicted[static_cast<std::int64_t>(i)].item<std::int64_t>() == samples[i].label;
  }
  return hits / static_cast<double>(samples.size());
}

TrainingOptions fast_options() {
  TrainingOptions options;
  options.epochs = 8;
  options.learning_rate = 2e-3;
  options.batch_size = 16;
  return options;
}

TEST(TrainTest, LearnsAndReportsEveryEpoch) {
  Victim victim = small_victim(1, {}, 0.1);
  const auto samples = learnable_samples(victim, 400, Rng(2));
  const auto unseen = learnable_samples(victim, 200, Rng(3));
  int calls = 0;
  const auto records =
      train(victim, samples, fast_options(), Rng(4), silent_progress(), [&](Victim& model) {
        ++calls;
        return accuracy(model, unseen);
      });
  ASSERT_EQ(records.size(), 8u);
  EXPECT_EQ(calls, 8);
  EXPECT_LT(records.back().loss, 0.5 * records.front().loss);
  EXPECT_GT(records.back().validation_metric, 0.85);
  EXPECT_EQ(victim.work().backward_rows, 8 * 400);
}

TEST(TrainTest, SameSeedSameModel) {
  std::vector<at::Tensor> results;
  const auto samples = learnable_samples(small_victim(1), 64, Rng(2));
  TrainingOptions options = fast_options();
  options.epochs = 2;
  for (const std::uint64_t seed : {5, 5, 6}) {
    Victim victim = small_victim(1, {}, 0.1);
    train(victim, samples, options, Rng(seed), silent_progress());
    results.push_back(victim.predict_logits(samples));
  }
  EXPECT_TRUE(at::equal(results[0], results[1]));
  EXPECT_FALSE(at::equal(results[0], results[2]));
}

TEST(TrainTest, HeadOnlyLeavesTheEncoderAsItIs) {
  Victim victim = small_victim(1, {}, 0.1);
  const StateDict before = victim.parameters().clone();
  const auto samples = learnable_samples(victim, 64, Rng(2));
  TrainingOptions options = fast_options();
  options.head_only = true;
  options.epochs = 40;
  const auto records = train(victim, samples, options, Rng(3), silent_progress());
  EXPECT_LT(records.back().loss, records.front().loss);
  EXPECT_EQ(victim.work().forward_rows, 64);
  for (const auto& [name, tensor] : victim.parameters()) {
    EXPECT_EQ(at::equal(tensor, before.at(name)), name.starts_with("encoder.")) << name;
  }
}

TEST(TrainTest, GradientsOfASplitBatchAreThoseOfTheWhole) {
  // 200 samples of up to 42 tokens exceed what is held at a time, so the batch is split.
  Victim split = small_victim(1);
  Victim whole = small_victim(1);
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
  const auto code = [](Victim& victim, const std::vector<TokenSample>& samples) -> std::string {
    try {
      train(victim, samples, fast_options(), Rng(1), silent_progress());
    } catch (const Error& error) {
      return error.diagnostics().front().code;
    }
    return "";
  };
  Victim victim = small_victim(1);
  auto samples = learnable_samples(victim, 20, Rng(2));
  samples[3].label = 2;
  EXPECT_EQ(code(victim, samples), "train.bad-label");
  samples[3].label = 1;
  victim.head().parameters().at("out_proj.bias").detach().fill_(std::nan(""));
  EXPECT_EQ(code(victim, samples), "train.diverged");
}

TEST(TrainTest, NoSamplesNoSteps) {
  Victim victim = small_victim(1);
  const auto records = train(victim, {}, fast_options(), Rng(1), silent_progress());
  EXPECT_EQ(records.size(), 8u);
  EXPECT_EQ(records.front().loss, 0);
}

TEST(OptimizerTest, ScheduleRisesAndFallsLinearly) {
  const at::Tensor parameter = torch::ones({2, 2}).requires_grad_();
  StateDict parameters;
  parameters.add("w", parameter);
  TrainingOptions options;
  options.learning_rate = 1;
  Optimizer optimizer(parameters, options, 2, 6);
  std::vector<double> rates;
  for (int i = 0; i < 7; ++i) {
    rates.push_back(optimizer.learning_rate());
    optimizer.zero_grad();
    parameter.sum().backward();
    EXPECT_NEAR(optimizer.step(), 2, 1e-6);
  }
  EXPECT_EQ(rates, (std::vector<double>{0, 0.5, 1, 0.75, 0.5, 0.25, 0}));
}

TEST(OptimizerTest, DecaysMatricesButNotVectors) {
  const at::Tensor matrix = torch::ones({2, 2}).requires_grad_();
  const at::Tensor vector = torch::ones({2}).requires_grad_();
  StateDict parameters;
  parameters.add("dense.weight", matrix);
  parameters.add("norm.weight", vector);
  TrainingOptions options;
  options.learning_rate = 0.5;
  options.weight_decay = 0.2;
  Optimizer optimizer(parameters, options, 0, 10);
  (matrix.sum() * 0 + vector.sum() * 0).backward();
  optimizer.step();
  EXPECT_NEAR(matrix[0][0].item<double>(), 0.9, 1e-6);
  EXPECT_NEAR(vector[0].item<double>(), 1, 1e-6);
}

}  // namespace
}  // namespace ncmlab
