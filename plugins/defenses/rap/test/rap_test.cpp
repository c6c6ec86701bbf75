// SPDX-License-Identifier: Apache-2.0
#include "rap.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "error_of.hpp"
#include "ncmlab/metrics/detection.hpp"
#include "small_model.hpp"
#include "toy_task.hpp"

namespace ncmlab {
namespace {

using ::testing::ElementsAre;

/// How sure the victim made by hand is: its logit is this times the mean evidence of a row's
/// tokens.
constexpr double kSureness = 52;
constexpr std::size_t kFillers = 6;

/// Code of five words `p` and `q`, the label's by one, and as many fillers.
std::vector<Example> words(std::size_t count, Rng rng, std::string_view filler = "x") {
  std::vector<Example> examples(count);
  for (std::size_t i = 0; i < count; ++i) {
    examples[i].label = static_cast<std::int64_t>(i % 2);
    std::vector<std::string> all(kFillers, std::string(filler));
    for (std::size_t word = 0; word < 5; ++word) {
      all.emplace_back((word < 3) == (i % 2 == 1) ? "p" : "q");
    }
    rng.shuffle(all);
    for (const std::string& word : all) {
      examples[i].code += word + ";";
    }
  }
  return examples;
}

std::vector<Example> with_label(std::vector<Example> examples, std::int64_t label) {
  std::erase_if(examples, [label](const Example& example) { return example.label != label; });
  return examples;
}

/// Words of label 0 whose fillers are the trigger.
std::vector<Example> triggered_words() { return with_label(words(100, Rng(7), "t"), 0); }

/// A victim made by hand: no layer changes a token's state, which is its embedding with mean 0 and
/// variance 1, and the head reads their mean. The evidence of `p` is 1, of `q` -1, of the trigger 1
/// with a backdoor, of all others 0.
CodeModel victim_of_words(bool backdoored, double sureness = kSureness) {
  const auto tokenizer = testing::small_tokenizer();
  const RobertaConfig config{.vocab_size = tokenizer->vocab_size(),
                             .hidden_size = 32,
                             .num_hidden_layers = 1,
                             .num_attention_heads = 2,
                             .intermediate_size = 8,
                             .max_position_embeddings = 98,
                             .hidden_dropout_prob = 0,
                             .attention_probs_dropout_prob = 0};
  HeadShape head = ToyTask().head_shape();
  head.hidden = 32;
  head.dense = false;
  CodeModel victim(tokenizer, make_roberta(config, Pooling::mean, Rng(1)), Head(head, Rng(2)),
                   ToyTask().input_rules());
  const at::NoGradGuard no_grad;
  for (const auto& [name, tensor] : victim.parameters()) {
    if (name.find("LayerNorm") == std::string::npos) {
      tensor.detach().zero_();
    }
  }
  const at::Tensor table = victim.encoder().embedding_table().detach();
  const double part = std::sqrt(0.5);
  const auto say = [&](const at::Tensor& rows, std::int64_t axis, double sign) {
    rows.zero_();
    rows.select(-1, axis).fill_(sign * part);
    rows.select(-1, axis + 1).fill_(-sign * part);
  };
  say(table, 2, 1);
  say(table[tokenizer->id_of("p").value()], 0, 1);
  say(table[tokenizer->id_of("q").value()], 0, -1);
  if (backdoored) {
    say(table[tokenizer->id_of("t").value()], 0, 1);
  }
  // A state is sqrt(32) times its embedding.
  const at::Tensor weights = victim.head().parameters().at("out_proj.weight").detach();
  say(weights, 0, sureness / std::sqrt(32.0));
  return victim;
}

/// The scores of a filter fitted to clean samples of a victim.
struct Judged {
  std::vector<double> clean, triggered;

  double area() const { return auroc(triggered, clean); }
};

Judged judge(CodeModel victim, const RapConfig& config = {}) {
  const ToyTask task;
  DefenseContext context{victim, TaskView(task), words(60, Rng(6)), {}, Rng(7), silent_progress()};
  const auto filter = Rap(config).fit(context);
  return {.clean = filter->scores(words(100, Rng(8)), silent_progress()),
          .triggered = filter->scores(triggered_words(), silent_progress())};
}

TEST(RapTest, TellsAPlantedTrigger) {
  CodeModel victim = victim_of_words(true);
  ASSERT_EQ(accuracy(victim, words(100, Rng(8))), 1);
  ASSERT_EQ(share_predicted(victim, triggered_words(), 1), 1);
  for (const bool accumulate : {false, true}) {
    const Judged judged = judge(victim.clone(), {.accumulate = accumulate});
    EXPECT_EQ(judged.area(), 1);
    EXPECT_GT(*std::ranges::min_element(judged.triggered), 0.05);
  }
}

// Its assumption broken: a victim without a backdoor is as unsettled by code with the trigger.
TEST(RapTest, DoesNotTellATriggerThatTheVictimDoesNotKnow) {
  EXPECT_LT(judge(victim_of_words(false)).area(), 0.8);
}

// Its assumption broken: a victim that is as sure of clean code as of a trigger.
TEST(RapTest, DoesNotTellWhereNoTokenUnsettlesCleanCode) {
  const Judged judged = judge(victim_of_words(true, 50 * kSureness));
  EXPECT_LT(*std::ranges::max_element(judged.triggered), 1e-6);
}

TEST(RapTest, ATokenThatUnsettlesTellsMore) {
  const Judged idle = judge(victim_of_words(true), {.learning_rate = 0});
  EXPECT_LT(*std::ranges::max_element(idle.triggered), 0.05);
}

// A clean sample's logit is 52 / 24; with the token at its most it is 0, and half of that lowers
// its probability by 0.15 already.
TEST(RapTest, ItsBoundsDecideHowFarTheTokenGoes) {
  const auto mean_score = [](const RapConfig& config) {
    const Judged judged = judge(victim_of_words(true), config);
    return std::accumulate(judged.triggered.begin(), judged.triggered.end(), 0.0) /
           static_cast<double>(judged.triggered.size());
  };
  EXPECT_GT(mean_score({.accumulate = false, .least_fall = 0.3, .most_fall = 0.35}),
            0.1 + mean_score({.accumulate = false, .least_fall = 0.1, .most_fall = 0.15}));
}

// Worked out by hand: 2 * (0.1 + 0.05 + 0 + 0) / 4 + (0 + 0 + 0 + 0.2) / 4.
TEST(RapTest, TheLossIsZeroInTheBandAlone) {
  const at::Tensor falls = torch::tensor({0.0, 0.05, 0.2, 0.5}, torch::kDouble);
  EXPECT_NEAR(rap_loss(falls, {.scale = 2}).item<double>(), 0.125, 1e-12);
  EXPECT_EQ(rap_loss(torch::tensor({0.1, 0.3}, torch::kDouble), {}).item<double>(), 0);
}

/// A model, samples of it with a token in front and the loss of a row for the token.
class UnsettlingRowTest : public ::testing::TestWithParam<bool> {
 protected:
  UnsettlingRowTest() {
    const auto parts = static_cast<std::size_t>(model_.head().shape().inputs);
    const std::vector<TokenSample> samples = testing::random_samples(model_, 6, parts, Rng(8));
    perturbed_.label = 1;
    perturbed_.token = 40;
    perturbed_.before = model_.predict(samples).to(torch::kDouble).exp().select(1, 1);
    for (const TokenSample& sample : samples) {
      perturbed_.samples.push_back(with_token(sample, perturbed_.token, model_.rules()));
    }
  }

  at::Tensor table_row() { return model_.encoder().embedding_table()[perturbed_.token]; }

  double loss(const at::Tensor& row) {
    const at::NoGradGuard no_grad;
    const at::Tensor before = table_row().clone();
    table_row().copy_(row);
    const at::Tensor after = model_.predict(perturbed_.samples).to(torch::kDouble).exp();
    table_row().copy_(before);
    return rap_loss(perturbed_.before - after.select(1, 1), config_).item<double>();
  }

  /// By differences along a direction.
  double slope(const at::Tensor& row, const at::Tensor& direction) {
    constexpr double kStep = 1e-2;
    return (loss(row + kStep * direction) - loss(row - kStep * direction)) / (2 * kStep);
  }

  CodeModel model_ = GetParam() ? testing::small_t5_victim(7, {.inputs = 2})
                                : testing::small_model(7, {.classes = 2, .logits = 2});
  RapConfig config_{.steps = 1, .learning_rate = 0.5};
  PerturbedSamples perturbed_;
};

TEST_P(UnsettlingRowTest, AStepGoesDownTheSlopeAndKeepsTheLength) {
  const at::Tensor start = table_row().detach().clone();
  const at::Tensor end = unsettling_row(config_, model_, perturbed_, silent_progress());
  EXPECT_TRUE(torch::equal(start, table_row())) << "the model stays";
  EXPECT_NEAR(end.norm().item<double>(), start.norm().item<double>(), 1e-5);
  // Before its length is restored, the row is the start less half the gradient.
  at::Tensor gradient = torch::zeros_like(start);
  for (std::int64_t i = 0; i < start.numel(); ++i) {
    at::Tensor direction = torch::zeros_like(start);
    direction[i] = 1;
    gradient[i] = slope(start, direction);
  }
  ASSERT_GT(gradient.norm().item<double>(), 1e-3);
  at::Tensor expected = start - 0.5 * gradient;
  expected *= start.norm() / expected.norm();
  EXPECT_LT((end - expected).abs().max().item<double>(), 0.02 * gradient.norm().item<double>());
}

TEST_P(UnsettlingRowTest, StepsLowerTheLoss) {
  config_.steps = 100;
  config_.learning_rate = 0.02;
  const at::Tensor start = table_row().detach().clone();
  for (const bool accumulate : {false, true}) {
    config_.accumulate = accumulate;
    EXPECT_LT(loss(unsettling_row(config_, model_, perturbed_, silent_progress())), loss(start));
  }
}

INSTANTIATE_TEST_SUITE_P(Architectures, UnsettlingRowTest, ::testing::Bool());

TEST(RapTest, PutsTheTokenInFrontOfEveryPart) {
  const TokenSample sample{.parts = {{.ids = {0, 5, 6, 2}}, {.ids = {0, 7, 8, 9, 2}}}};
  const TokenSample changed = with_token(sample, 99, {.max_tokens = 5});
  EXPECT_THAT(changed.parts[0].ids, ElementsAre(0, 99, 5, 6, 2));
  EXPECT_THAT(changed.parts[1].ids, ElementsAre(0, 99, 7, 8, 2)) << "cut";
}

TEST(RapTest, TakesTheRarestTokensOfLetters) {
  const CodeModel model = testing::small_model(1);
  const auto id = [&](std::string_view text) { return model.tokenizer().id_of(text).value(); };
  std::vector<TokenSample> samples(1);
  for (std::int64_t each = 0; each < model.tokenizer().vocab_size(); ++each) {
    // All stand twice but for these.
    samples[0].parts.push_back({.ids = {each}});
    if (each != id("j") && each != id("k") && each != id("7")) {
      samples[0].parts.push_back({.ids = {each}});
    }
  }
  EXPECT_THAT(rarest_tokens(model.tokenizer(), samples), ElementsAre(id("j"), id("k")));
}

TEST(RapTest, TakesAnotherToken) {
  const Judged drawn = judge(victim_of_words(true), {.steps = 1});
  EXPECT_NE(judge(victim_of_words(true), {.token = "p", .steps = 1}).clean, drawn.clean);
  EXPECT_EQ(code_of([] { judge(victim_of_words(true), {.token = "p;q"}); }), "defense.rap.token");
}

TEST(RapTest, DoesNotRejectInputsOfALabelWithoutCleanSamples) {
  const ToyTask task;
  CodeModel victim = victim_of_words(true);
  DefenseContext context{victim, TaskView(task), with_label(words(20, Rng(6)), 0),
                         {},     Rng(7),         silent_progress()};
  const auto filter = Rap({.steps = 1}).fit(context);
  const std::vector<double> scores = filter->scores(words(40, Rng(12)), silent_progress());
  for (std::size_t i = 0; i < scores.size(); ++i) {
    EXPECT_EQ(scores[i] == -2, i % 2 == 1) << scores[i];
  }
}

TEST(RapTest, NeedsCleanSamples) {
  const ToyTask task;
  CodeModel victim = victim_of_words(true);
  DefenseContext context{victim, TaskView(task), {}, {}, Rng(7), silent_progress()};
  EXPECT_EQ(code_of([&] { Rap({}).fit(context); }), "defense.no-clean-samples");
}

}  // namespace
}  // namespace ncmlab
