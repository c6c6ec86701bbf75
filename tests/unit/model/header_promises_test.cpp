// SPDX-License-Identifier: Apache-2.0
// What the headers of nn say of storage, gradients and generators.
#include <gtest/gtest.h>
#include <torch/types.h>

#include "ncmlab/inversion/candidate_scorer.hpp"
#include "ncmlab/model/frozen_parameters.hpp"
#include "small_model.hpp"

namespace ncmlab {
namespace {

using testing::small_model;

std::vector<TokenSample> samples_for(const CodeModel& victim) {
  TokenSample sample;
  sample.parts.push_back(victim.tokenize("int copy(char *to) { return 0; }"));
  return {sample, sample};
}

Batch batch_for(const CodeModel& victim) {
  return make_batch(samples_for(victim), {0, 1}, victim.tokenizer().special().pad);
}

TEST(HeaderPromisesTest, DropoutDrawsFromTheDefaultGeneratorAndOnlyInTraining) {
  CodeModel victim = small_model(1, {}, 0.5);
  const Batch batch = batch_for(victim);
  const auto after = [](std::uint64_t seed, const auto& work) {
    torch::manual_seed(seed);
    const at::Tensor result = work();
    return std::pair(result.detach(), at::rand({3}));
  };
  const auto trained = [&] { return victim.logits(batch, true); };
  const auto [first, next] = after(7, trained);
  const auto [again, next_again] = after(7, trained);
  const auto [other, next_other] = after(8, trained);
  EXPECT_TRUE(at::equal(first, again));
  EXPECT_TRUE(at::equal(next, next_again));
  EXPECT_FALSE(at::equal(first, other));
  const auto [plain, untouched] = after(7, [&] { return victim.logits(batch, false); });
  const auto [same, fresh] = after(7, [] { return at::zeros({1}); });
  EXPECT_TRUE(at::equal(untouched, fresh)) << "something was drawn without training";
}

TEST(HeaderPromisesTest, ParametersAreTheModelsOwnAndClonesShareNothing) {
  CodeModel victim = small_model(1);
  const CodeModel copy = victim.clone();
  const StateDict copied = victim.parameters().clone();
  const at::NoGradGuard no_grad;
  for (const auto& [name, tensor] : victim.parameters()) {
    EXPECT_TRUE(tensor.is_leaf() && tensor.requires_grad()) << name;
    tensor.add_(1);
    EXPECT_TRUE(at::equal(tensor, victim.parameters().at(name))) << name;
    EXPECT_FALSE(at::equal(tensor, copy.parameters().at(name))) << name;
    EXPECT_FALSE(at::equal(tensor, copied.at(name))) << name;
    EXPECT_FALSE(copied.at(name).requires_grad()) << name;
  }
}

TEST(HeaderPromisesTest, OnlyTheGradModeDecidesWhetherAPassCanBeDifferentiated) {
  CodeModel victim = small_model(1);
  const Batch batch = batch_for(victim);
  EXPECT_TRUE(victim.logits(batch, false).requires_grad());
  EXPECT_TRUE(victim.vectors(batch, false).requires_grad());
  EXPECT_FALSE(victim.predict(samples_for(victim)).requires_grad());
  EXPECT_TRUE(at::GradMode::is_enabled());
  EXPECT_TRUE(victim.encoder().hidden_states(batch).back().requires_grad());
  const at::NoGradGuard no_grad;
  EXPECT_FALSE(victim.logits(batch, true).requires_grad());
  EXPECT_FALSE(victim.encoder().hidden_states(batch).back().requires_grad());
}

TEST(HeaderPromisesTest, AScorerLeavesWeightsAndGradientsAsTheyWere) {
  CodeModel victim = small_model(1);
  const StateDict before = victim.parameters().clone();
  std::vector<InversionSample> samples;
  for (TokenSample& sample : samples_for(victim)) {
    samples.push_back({.sample = sample, .part = 0, .places = before_token(2)});
  }
  CandidateScorer scorer(victim, samples, 0, {});
  EXPECT_FALSE(scorer.gradient({5, 6}, {{5, 6, 7}, {5, 6}}).front().requires_grad());
  const at::NoGradGuard no_grad;
  EXPECT_GE(scorer.loss({5, 6}), 0);
  for (const auto& [name, tensor] : victim.parameters()) {
    EXPECT_TRUE(at::equal(tensor, before.at(name))) << name;
    EXPECT_FALSE(tensor.grad().defined()) << name;
    EXPECT_TRUE(tensor.requires_grad()) << name;
  }
}

TEST(HeaderPromisesTest, FrozenParametersAreFrozenForAllThatHoldThem) {
  CodeModel victim = small_model(1);
  const at::Tensor held = victim.encoder().embedding_table();
  {
    const FrozenParameters frozen(victim.parameters());
    EXPECT_FALSE(held.requires_grad());
    EXPECT_TRUE(at::GradMode::is_enabled());
  }
  EXPECT_TRUE(held.requires_grad());
}

}  // namespace
}  // namespace ncmlab
