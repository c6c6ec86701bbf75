// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/language/ngram_model.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <set>

#include "error_of.hpp"
#include "habit_texts.hpp"

namespace ncmlab {
namespace {

struct Expected {
  std::int64_t order;
  std::vector<double> known, strange;
};

// Independent values: an implementation of Chen & Goodman's formulas in Python, whose probabilities
// of all words after a context sum to 1.
TEST(NgramModelTest, AgreesWithAnIndependentImplementation) {
  const Texts texts = habit_texts();
  ASSERT_EQ(texts[0][3], 11);
  const std::vector<std::int64_t> known(texts[0].begin(), texts[0].begin() + 4);
  const std::vector<std::int64_t> strange = {99999, 3, 4, 99999, 5};
  for (const Expected& expected :
       {Expected{
            1,
            {-1.421424266831, -1.421424266831, -1.464302907259, -1.434172596292, -1.165491849342},
            {-3.364856499062, -1.500431620041, -1.385281670812, -3.364856499062, -1.443985590841,
             -1.165491849342}},
        Expected{
            2,
            {-1.688753257339, -1.113776798737, -0.875493290668, -1.072632238441, -1.183630815237},
            {-3.702326529896, -1.733876799539, -2.658692631885, -3.767679361978, -1.624231395971,
             -1.121013092506}},
        Expected{
            3,
            {-1.702035079413, -0.644861917488, -0.813776140200, -1.155033267317, -1.096993932262},
            {-3.459061031429, -1.733876799539, -2.134971403996, -3.240616305319, -1.624231395971,
             -1.266463272055}},
        Expected{
            4,
            {-1.702035079413, -0.642065071712, -0.711456350974, -0.951917988316, -1.110932457294},
            {-3.459061031429, -1.733876799539, -2.134971403996, -3.240616305319, -1.624231395971,
             -1.266463272055}}}) {
    const NgramModel model = NgramModel::train(texts, expected.order);
    EXPECT_EQ(model.vocabulary(), 67U);
    for (const auto& [text, logs] :
         {std::pair(known, expected.known), std::pair(strange, expected.strange)}) {
      const std::vector<double> found = model.log10_probabilities(text);
      ASSERT_EQ(found.size(), logs.size());
      for (std::size_t i = 0; i < logs.size(); ++i) {
        EXPECT_NEAR(found[i], logs[i], 1e-10) << "order " << expected.order << ", place " << i;
        EXPECT_EQ(model.log10_probability(text, i), found[i]);
      }
    }
  }
}

TEST(NgramModelTest, WhatMayFollowSumsToOne) {
  const Texts texts = habit_texts();
  std::set<std::int64_t> words;
  for (const auto& text : texts) {
    words.insert(text.begin(), text.end());
  }
  const NgramModel model = NgramModel::train(texts, 4);
  for (const std::vector<std::int64_t>& before :
       {texts[3], std::vector<std::int64_t>{}, std::vector<std::int64_t>{-5, 7}}) {
    double sum = std::pow(10, model.log10_probability(before, before.size()));
    std::vector<std::int64_t> text = before;
    text.push_back(-1);
    sum += std::pow(10, model.log10_probability(text, before.size()));
    for (const std::int64_t word : words) {
      text.back() = word;
      sum += std::pow(10, model.log10_probability(text, before.size()));
    }
    EXPECT_NEAR(sum, 1, 1e-12);
  }
}

TEST(NgramModelTest, ATooSmallCorpusIsRefused) {
  EXPECT_EQ(code_of([] { NgramModel::train({{1, 2}, {3}}, 2); }), "language.corpus-too-small");
  EXPECT_EQ(code_of([] { NgramModel::train({}, 1); }), "language.corpus-too-small");
}

}  // namespace
}  // namespace ncmlab
