// SPDX-License-Identifier: Apache-2.0
#include "ban.hpp"

#include <gtest/gtest.h>
#include <torch/autograd.h>
#include <torch/types.h>

#include <cmath>
#include <numeric>

#include "error_of.hpp"
#include "feature_mask.hpp"
#include "neuron_noise.hpp"
#include "planted_victim.hpp"
#include "prepared_attack.hpp"
#include "same_weights.hpp"
#include "small_model.hpp"

namespace ncmlab {
namespace {

using ban::NeuronNoise;

struct OneBatch {
  CodeModel model;
  Batch batch;
  at::Tensor labels;
};

OneBatch one_batch(bool is_t5) {
  CodeModel model = is_t5 ? testing::small_t5_victim(3) : testing::small_model(3);
  const std::vector<TokenSample> samples = testing::random_samples(model, 4, 1, Rng(4));
  return {.model = std::move(model),
          .batch = make_batch(samples, {0, 1, 2, 3}, 0),
          .labels = torch::tensor({0, 1, 1, 0}, torch::kLong)};
}

at::Tensor losses_of(OneBatch& one) {
  return one.model.head().losses(one.model.logits(one.batch, false), one.labels);
}

double loss_of(OneBatch& one) {
  const at::NoGradGuard no_grad;
  return losses_of(one).sum().item<double>();
}

TEST(NeuronNoiseTest, RaisesTheLossWithinItsSizeAndGoesWithoutATrace) {
  for (const bool is_t5 : {false, true}) {
    {
      OneBatch one = one_batch(is_t5);
      const StateDict before = one.model.parameters().clone();
      const double clean = loss_of(one);
      {
        NeuronNoise noise(one.model.encoder(), 0.1);
        for (int step = 0; step < 10; ++step) {
          noise.climb(noise.slopes(losses_of(one).sum()), 0.05);
        }
        EXPECT_GT(loss_of(one), clean);
        for (const at::Tensor& values : noise.values()) {
          EXPECT_LE(values.abs().max().item<double>(), 0.1 + 1e-6);
        }
        EXPECT_FALSE(same_weights(one.model.parameters(), before));
      }
      EXPECT_TRUE(same_weights(one.model.parameters(), before));
      EXPECT_EQ(loss_of(one), clean);
    }
  }
}

TEST(NeuronNoiseTest, IsThatOfTheNorms) {
  const CodeModel roberta = testing::small_model(3);
  // Scale and shift of the norms after the embeddings and twice in each of two layers.
  EXPECT_EQ(NeuronNoise(roberta.encoder(), 0.1).values().size(), 10U);
  const CodeModel t5 = testing::small_t5_victim(3);
  // Scales: two a block of the encoder, three of the decoder, one at the end of each.
  EXPECT_EQ(NeuronNoise(t5.encoder(), 0.1).values().size(), 12U);
}

TEST(NeuronNoiseTest, StepsUphillAlongTheSlope) {
  // Against differences of the loss itself, one neuron at a time.
  OneBatch one = one_batch(false);
  const at::Tensor scale =
      one.model.encoder().parameters().at("encoder.layer.1.output.LayerNorm.weight");
  at::Tensor values;
  {
    NeuronNoise noise(one.model.encoder(), 1);
    noise.climb(noise.slopes(losses_of(one).sum()), 0.01);
    values = noise.values()[8].clone();
  }
  const double before = loss_of(one);
  for (std::int64_t channel = 0; channel < 8; ++channel) {
    const at::NoGradGuard no_grad;
    const at::Tensor original = scale.clone();
    scale[channel] *= 1.02;
    const double change = loss_of(one) - before;
    scale.copy_(original);
    if (std::abs(change) > 1e-4) {
      EXPECT_EQ(values[channel].item<float>() > 0, change > 0) << channel;
    }
  }
}

TEST(RobustLossesTest, HaveTheGradientOfTheLossUnderTheNoise) {
  // By hand: the noise is drawn again, the weights are replaced by it, and the chain rule applied.
  OneBatch one = one_batch(false);
  const StateDict parameters = one.model.parameters();
  const StateDict before = parameters.clone();
  const ban::NoiseOptions options{.size = 0.2, .steps = 1};
  torch::manual_seed(5);
  const at::Tensor losses = ban::robust_losses(one.model, one.batch, one.labels, options);
  ASSERT_EQ(losses.sizes(), at::IntArrayRef({4}));
  EXPECT_TRUE(same_weights(parameters, before));
  losses.sum().backward();
  EXPECT_GT(losses.sum().item<double>(), loss_of(one));

  torch::manual_seed(5);
  NeuronNoise noise(one.model.encoder(), options.size);
  noise.draw();
  noise.climb(noise.slopes(losses_of(one).sum()), 0.2);
  const at::Tensor expected = losses_of(one);
  EXPECT_TRUE(at::allclose(losses, expected, 1e-4, 1e-5));
  const std::string query = "encoder.encoder.layer.0.attention.self.query.weight";
  const std::string scale = "encoder.encoder.layer.1.output.LayerNorm.weight";
  const auto gradients =
      torch::autograd::grad({expected.sum()}, {parameters.at(query), parameters.at(scale)});
  EXPECT_TRUE(at::allclose(parameters.at(query).grad(), gradients[0], 1e-3, 1e-6));
  EXPECT_TRUE(at::allclose(parameters.at(scale).grad(), gradients[1] * (1 + noise.values()[8]),
                           1e-3, 1e-6));
}

TEST(FeatureMaskTest, KeepsWhatServesTheLabels) {
  // Of four features the first two tell the label, the third tells the other label.
  const std::int64_t count = 64;
  HeadShape shape{.hidden = 4, .classes = 2, .logits = 2, .dense = false, .dropout = 0};
  StateDict weights;
  weights.add("weight", torch::tensor({{-1.0F, -1.0F, -1.0F, 0.0F}, {1.0F, 1.0F, 1.0F, 0.0F}}));
  weights.add("bias", torch::zeros({2}));
  const Head head(shape, weights);
  const at::Tensor labels = torch::arange(count).remainder(2);
  const at::Tensor sign = (labels * 2 - 1).to(torch::kFloat);
  const at::Tensor vectors = at::stack({sign, sign, -sign, torch::zeros({count})}, 1);
  torch::manual_seed(7);
  const at::Tensor mask = ban::benign_mask(head, vectors, labels, {});
  EXPECT_GT(mask[0].item<float>(), 0.95);
  EXPECT_GT(mask[1].item<float>(), 0.95);
  EXPECT_LT(mask[2].item<float>(), 0.05);
  EXPECT_LT(mask[3].item<float>(), 0.5) << "the norm takes out what serves nothing";
}

DefenseOutcome run(CodeModel& victim, BanConfig config,
                   const std::vector<Example>& clean = toy_functions(100, Rng(57))) {
  const ToyTask task;
  DefenseContext context{victim, TaskView(task), clean, {}, Rng(3), silent_progress()};
  return Ban(config).defend(context);
}

/// Accuracy on unseen functions under noise that makes the loss on some of them large.
double accuracy_under_noise(CodeModel& victim, double size) {
  const ToyTask task;
  const std::vector<TokenSample> samples =
      TaskView(task).tokenize(victim, toy_functions(60, Rng(62)));
  std::vector<std::size_t> all(samples.size());
  std::iota(all.begin(), all.end(), std::size_t{0});
  std::vector<std::int64_t> labels;
  for (const TokenSample& sample : samples) {
    labels.push_back(sample.label);
  }
  const Batch batch = make_batch(samples, all, victim.tokenizer().special().pad);
  torch::manual_seed(9);
  NeuronNoise noise(victim.encoder(), size);
  noise.draw();
  for (int step = 0; step < 10; ++step) {
    noise.climb(noise.slopes(
                    victim.head().losses(victim.logits(batch, false), torch::tensor(labels)).sum()),
                size / 10);
  }
  return accuracy(victim, unseen_functions());
}

TEST(BanTest, TeachesAVictimToWithstandNoiseAndLeavesThisBackdoor) {
  BanConfig config;
  config.noise = 0.6;
  config.learning_rate = 1e-3;
  config.batch_size = 16;
  BanConfig fine_tuning = config;
  fine_tuning.robust_weight = 0;
  CodeModel trained = planted_victim(true);
  CodeModel control = planted_victim(true);
  ASSERT_GT(success_rate(trained), 0.9);
  run(trained, config);
  run(control, fine_tuning);
  EXPECT_GT(accuracy_under_noise(trained, 0.6), accuracy_under_noise(control, 0.6) + 0.2);
  EXPECT_GT(accuracy(trained, unseen_functions()), 0.95);
  EXPECT_GT(success_rate(trained), 0.8);
}

/// A clean victim with a channel that says nothing as it is and decides by itself once it is moved.
CodeModel victim_with_a_neuron_that_decides() {
  CodeModel victim = planted_victim(false);
  const at::NoGradGuard no_grad;
  const StateDict encoder = victim.encoder().parameters();
  encoder.at("encoder.layer.1.output.LayerNorm.weight")[4].zero_();
  encoder.at("encoder.layer.1.output.LayerNorm.bias")[4].fill_(1);
  const StateDict head = victim.head().parameters();
  head.at("dense.weight")[0].zero_();
  head.at("dense.weight")[0][4].fill_(10);
  head.at("dense.bias")[0].fill_(-10);
  head.at("out_proj.weight")[0][0].fill_(50);
  return victim;
}

TEST(BanTest, CallsAModelBackdooredWhoseNoiseSendsAllToOneLabel) {
  const BanConfig config{{.epochs = 1, .learning_rate = 0}};
  CodeModel planted = victim_with_a_neuron_that_decides();
  ASSERT_GT(accuracy(planted, unseen_functions()), 0.9);
  const DefenseOutcome of_planted = run(planted, config);
  EXPECT_EQ(of_planted.backdoored, true);
  EXPECT_GT(of_planted.figures.at("sent_to_suspected_label"), 0.9);
}

TEST(BanTest, CallsAModelCleanThatSmallNoiseDoesNotMove) {
  for (const bool backdoored : {false, true}) {
    CodeModel victim = planted_victim(backdoored);
    BanConfig quiet{{.epochs = 1, .learning_rate = 0}};
    quiet.noise = 0.03;
    const DefenseOutcome outcome = run(victim, quiet);
    EXPECT_EQ(outcome.backdoored, false) << backdoored;
    EXPECT_LT(outcome.figures.at("sent_to_suspected_label"), 0.2);
  }
}

TEST(BanTest, DefendsPairs) {
  const KindTask& task = task_of_kind(TaskKind::pair_classification);
  std::vector<Example> pairs = toy_functions(12, Rng(1));
  for (Example& pair : pairs) {
    pair.other_code = pair.code + "int g(int a) { return a; }";
  }
  CodeModel victim = toy_victim(pairs, Rng(2), 400, task.head_shape());
  DefenseContext context{victim, TaskView(task), pairs, {}, Rng(3), silent_progress()};
  BanConfig config{{.epochs = 1}};
  config.mask_steps = 5;
  config.detection_steps = 2;
  const DefenseOutcome outcome = Ban(config).defend(context);
  EXPECT_TRUE(outcome.repaired);
  EXPECT_TRUE(outcome.backdoored);
}

TEST(BanTest, RefusesToWorkWithoutCleanSamples) {
  CodeModel victim = planted_start();
  EXPECT_EQ(code_of([&] { run(victim, {}, {}); }), "defense.no-clean-samples");
}

}  // namespace
}  // namespace ncmlab
