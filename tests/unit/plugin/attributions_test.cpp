// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/plugin/attributions.hpp"

#include <gtest/gtest.h>
#include <torch/types.h>

#include <cmath>
#include <numeric>

#include "small_model.hpp"

namespace ncmlab {
namespace {

std::vector<TokenAttributions> attributions(CodeModel& model,
                                            const std::vector<TokenSample>& samples,
                                            const IntegratedGradientsOptions& options = {}) {
  return integrated_gradients(model, samples, options, silent_progress());
}

double sum_of(const TokenAttributions& attributions) {
  double sum = 0;
  for (const std::vector<double>& part : attributions) {
    sum = std::accumulate(part.begin(), part.end(), sum);
  }
  return sum;
}

/// The log-odds of the sample's label, with the ids of its text replaced by `replaced` if that is
/// not negative, by rows of zeros if it is -2.
double log_odds(CodeModel& model, TokenSample sample, std::int64_t replaced = -1) {
  const at::NoGradGuard no_grad;
  Batch batch = make_batch({sample}, {0}, model.tokenizer().special().pad);
  batch.embeddings = torch::embedding(model.encoder().embedding_table(), batch.ids).clone();
  for (std::int64_t row = 0; replaced != -1 && row < batch.ids.size(0); ++row) {
    for (std::int64_t i = 1; i + 1 < batch.lengths[row].item<std::int64_t>(); ++i) {
      batch.embeddings[row][i].zero_();
      if (replaced >= 0) {
        batch.embeddings[row][i] += model.encoder().embedding_table()[replaced];
      }
    }
  }
  const at::Tensor p =
      model.head().log_probabilities(model.logits(batch, false)).to(torch::kDouble).exp()[0];
  const double own = p[sample.label].item<double>();
  return std::log(own / (p.sum().item<double>() - own));
}

/// Classifiers of one logit, of two and of three, of single functions and of pairs, of both
/// architectures.
std::vector<CodeModel> models() {
  std::vector<CodeModel> result;
  result.push_back(testing::small_model(1));
  result.push_back(testing::small_model(2, {.classes = 2, .logits = 2}));
  result.push_back(testing::small_model(3, {.classes = 3, .logits = 3}));
  result.push_back(testing::small_model(4, {.inputs = 2}));
  result.push_back(testing::small_t5_victim(5));
  result.push_back(testing::small_t5_victim(6, {.inputs = 2, .classes = 2, .logits = 2}));
  return result;
}

std::vector<TokenSample> samples_for(const CodeModel& model, std::size_t count) {
  return testing::random_samples(model, count,
                                 static_cast<std::size_t>(model.head().shape().inputs), Rng(9));
}

TEST(AttributionsTest, SumToTheDifferenceToTheBaseline) {
  for (CodeModel& model : models()) {
    const std::vector<TokenSample> samples = samples_for(model, 5);
    const auto found = attributions(model, samples, {.steps = 150});
    const std::int64_t pad = model.tokenizer().special().pad;
    for (std::size_t i = 0; i < samples.size(); ++i) {
      const double change = log_odds(model, samples[i]) - log_odds(model, samples[i], pad);
      EXPECT_NEAR(sum_of(found[i]), change, 0.01 * (1 + std::abs(change)))
          << model.encoder().config_json();
      ASSERT_EQ(found[i].size(), samples[i].parts.size());
      for (std::size_t part = 0; part < found[i].size(); ++part) {
        EXPECT_EQ(found[i][part].size(), samples[i].parts[part].ids.size());
        EXPECT_EQ(found[i][part].front(), 0) << "<s> stays";
        EXPECT_EQ(found[i][part].back(), 0) << "</s> stays";
      }
    }
  }
}

TEST(AttributionsTest, ABaselineOfZeroIsTheOrigin) {
  CodeModel model = testing::small_model(1);
  {
    // A fresh RoBERTa has zeros there, too.
    const at::NoGradGuard no_grad;
    model.encoder().embedding_table()[model.tokenizer().special().pad].fill_(0.2);
  }
  const std::vector<TokenSample> samples = samples_for(model, 5);
  const auto found =
      attributions(model, samples, {.steps = 150, .baseline = BaselineEmbedding::zero});
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const double change = log_odds(model, samples[i]) - log_odds(model, samples[i], -2);
    EXPECT_NEAR(sum_of(found[i]), change, 0.01 * (1 + std::abs(change)));
  }
  EXPECT_NE(found, attributions(model, samples, {.steps = 150}));
}

TEST(AttributionsTest, MoreStepsComeNearer) {
  CodeModel model = testing::small_model(1);
  const std::vector<TokenSample> samples = samples_for(model, 20);
  const auto error = [&](std::int64_t steps) {
    const auto found = attributions(model, samples, {.steps = steps});
    double sum = 0;
    for (std::size_t i = 0; i < samples.size(); ++i) {
      sum += std::abs(sum_of(found[i]) - log_odds(model, samples[i]) +
                      log_odds(model, samples[i], model.tokenizer().special().pad));
    }
    return sum;
  };
  EXPECT_LT(error(64), 0.2 * error(4));
}

TEST(AttributionsTest, OppositeLabelsHaveOppositeAttributions) {
  CodeModel model = testing::small_model(2, {.classes = 2, .logits = 2});
  std::vector<TokenSample> samples = samples_for(model, 1);
  const auto own = attributions(model, samples);
  samples[0].label = 1 - samples[0].label;
  const auto other = attributions(model, samples);
  for (std::size_t i = 0; i < own[0][0].size(); ++i) {
    EXPECT_NEAR(own[0][0][i], -other[0][0][i], 1e-4);
  }
}

TEST(AttributionsTest, ASamplesAttributionsDoNotDependOnTheOthers) {
  CodeModel model = testing::small_model(4, {.inputs = 2});
  const std::vector<TokenSample> samples = samples_for(model, 30);
  const auto together = attributions(model, samples);
  for (const std::size_t i : {std::size_t{0}, std::size_t{17}}) {
    const auto alone = attributions(model, {samples[i]});
    for (std::size_t part = 0; part < 2; ++part) {
      for (std::size_t j = 0; j < alone[0][part].size(); ++j) {
        EXPECT_NEAR(alone[0][part][j], together[i][part][j], 1e-3);
      }
    }
  }
}

TEST(AttributionsTest, CountsItsWorkAndLeavesTheModelAsItIs) {
  CodeModel model = testing::small_model(1);
  const StateDict before = model.parameters().clone();
  const at::NoGradGuard no_grad;
  attributions(model, samples_for(model, 3), {.steps = 7});
  EXPECT_EQ(model.work().forward_rows, 21);
  EXPECT_EQ(model.work().backward_rows, 21);
  EXPECT_FALSE(at::GradMode::is_enabled());
  for (const auto& [name, tensor] : model.parameters()) {
    EXPECT_TRUE(torch::equal(tensor, before.at(name))) << name;
    EXPECT_TRUE(tensor.requires_grad()) << name;
    EXPECT_FALSE(tensor.grad().defined()) << name;
  }
}

}  // namespace
}  // namespace ncmlab
