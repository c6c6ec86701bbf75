// SPDX-License-Identifier: Apache-2.0
// The parts of the inversion against values worked out by hand.
#include "soft_word.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include <string>
#include <vector>

#include "toy_task.hpp"

namespace ncmlab::piccolo {
namespace {

using testing::ElementsAre;

TEST(WordWeightsTest, LieBetweenZeroAndOne) {
  const at::Tensor weights = word_weights(torch::tensor({-4.0, 0.0, 1.0}, torch::kFloat64));
  EXPECT_NEAR(weights[0].item<double>(), 0.0003353501, 1e-9);
  EXPECT_NEAR(weights[1].item<double>(), 0.5, 1e-12);
  EXPECT_NEAR(weights[2].item<double>(), 0.8807970780, 1e-9);
}

TEST(WordPenaltyTest, IsForMoreThanOneWordOverAHalf) {
  const auto penalty = [](std::vector<double> weights) {
    return word_penalty(torch::tensor(weights, torch::kFloat64)).item<double>();
  };
  EXPECT_EQ(penalty({0.9, 0.5, 0.5, 0.5}), 0) << "one word over a half, whatever the sum";
  EXPECT_NEAR(penalty({0.9, 0.6}), 0.25, 1e-12);
  EXPECT_NEAR(penalty({0.9, 0.6, 0.4}), 0.81, 1e-12) << "all words count in the sum";
}

TEST(RescaledTest, DividesTheWeightsByTheirSum) {
  // Weights 0.9 and 0.6 become 0.6 and 0.4: logits atanh(0.2) and atanh(-0.2).
  const at::Tensor logits = (torch::tensor({0.9, 0.6}, torch::kFloat64) * 2 - 1).atanh();
  const at::Tensor after = rescaled(logits);
  EXPECT_NEAR(after[0].item<double>(), 0.2027325541, 1e-9);
  EXPECT_NEAR(after[1].item<double>(), -0.2027325541, 1e-9);
}

TEST(RescaledTest, StaysFiniteWhereOneWordHasAllTheWeight) {
  EXPECT_TRUE(rescaled(torch::tensor({20.0F, -20.0F, -20.0F})).isfinite().all().item<bool>());
}

TEST(WordEmbeddingsTest, AreThoseOfTheTokensAndZeroBehindThem) {
  const at::Tensor table = torch::arange(8, torch::kFloat32).reshape({4, 2});
  const at::Tensor rows =
      word_embeddings(table, {{.text = "ab", .ids = {3, 1}}, {.text = "c", .ids = {2}}}, 3);
  EXPECT_TRUE(torch::equal(rows[0], torch::tensor({{6.0F, 7.0F}, {2.0F, 3.0F}, {0.0F, 0.0F}})));
  EXPECT_TRUE(torch::equal(rows[1], torch::tensor({{4.0F, 5.0F}, {0.0F, 0.0F}, {0.0F, 0.0F}})));
}

TEST(WordListTest, HoldsNamesAndSubWordsTheMostFrequentFirst) {
  const std::vector<Example> examples = {
      {.id = "a", .code = "int read_line(int n) { return n; }"},
      {.id = "b", .code = "int readBits(int n) { int line = n; return line; }"}};
  const CodeModel victim = toy_victim(toy_functions(50, Rng(1)), Rng(2));
  const ToyTask task;
  const auto texts = [&](const WordListOptions& options) {
    std::vector<std::string> names;
    for (const Word& word :
         word_list(victim.tokenizer(), TaskView(task), examples, options, silent_progress())) {
      EXPECT_EQ(word.ids, victim.tokenizer().encode(word.text));
      EXPECT_LE(std::ssize(word.ids), options.word_tokens);
      names.push_back(word.text);
    }
    return names;
  };
  EXPECT_THAT(texts({.word_tokens = 20}),
              ElementsAre("line", "n", "read", "Bits", "readBits", "read_line"));
  EXPECT_THAT(texts({.word_tokens = 20, .words = 2}), ElementsAre("line", "n"));
  EXPECT_LT(texts({.word_tokens = 1}).size(), 6U);
}

}  // namespace
}  // namespace ncmlab::piccolo
