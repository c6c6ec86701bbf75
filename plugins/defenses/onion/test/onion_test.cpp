// SPDX-License-Identifier: Apache-2.0
#include "onion.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include <algorithm>
#include <cmath>

#include "error_of.hpp"
#include "ncmlab/language/ngram_text.hpp"
#include "ncmlab/metrics/detection.hpp"
#include "ncmlab/plugin/token_texts.hpp"
#include "random_masked_model.hpp"
#include "toy_task.hpp"

namespace ncmlab {
namespace {

class OnionTest : public ::testing::Test {
 protected:
  DefenseContext context() {
    return {.victim = victim_,
            .task = TaskView(task_),
            .clean_samples = clean_,
            .training_set = {},
            .rng = Rng(3),
            .progress = silent_progress(),
            .ngram_model = &language_};
  }

  /// A statement that is never run and that no clean sample holds.
  static std::vector<Example> with_dead_code(std::vector<Example> examples) {
    for (Example& example : examples) {
      example.code.insert(example.code.find('{') + 1, " if (qzx < vwk) qzx = kjq; ");
    }
    return examples;
  }

  std::vector<OddWord> words_of(const std::string& source) const {
    const TokenRow row = victim_.tokenize_with_ranges(source);
    const NgramText text(language_, text_ids(row, victim_.rules()));
    return odd_words(source, row, victim_.rules(), [&](std::size_t begin, std::size_t end) {
      return std::pow(10, begin == end ? text.entropy() : text.entropy_without(begin, end));
    });
  }

  ToyTask task_;
  std::vector<Example> clean_ = toy_functions(300, Rng(1));
  CodeModel victim_ = toy_victim(clean_, Rng(2));
  NgramModel language_ = NgramModel::train(token_texts(victim_, clean_), 4);
};

TEST_F(OnionTest, WordsAreThoseOfTheSource) {
  const std::string source = "int f(int n) { return n_1 + 27; }";
  std::vector<std::string> words;
  for (const OddWord& word : words_of(source)) {
    words.push_back(source.substr(word.range.begin, word.range.size()));
  }
  EXPECT_THAT(words, testing::ElementsAre("int", "f", "int", "n", "return", "n_1", "27"));
}

// A victim that reads line breaks and indentation has tokens for them.
TEST_F(OnionTest, WhiteSpaceIsNoWord) {
  const std::string source =
      "int f(int n) {\n        if (n > 3)\n\n    return \"\xc3\xa9\" n_1;\n  }\n";
  HeadShape head = task_.head_shape();
  head.hidden = victim_.encoder().shape().hidden;
  const CodeModel reader(victim_.shared_tokenizer(), victim_.encoder().clone(), Head(head, Rng(2)),
                         {.fold_whitespace = false, .max_tokens = 96});
  const TokenRow row = reader.tokenize_with_ranges(source);
  ASSERT_TRUE(std::ranges::any_of(row.ranges, [&](const ByteRange& range) {
    return range.size() > 0 &&
           source.substr(range.begin, range.size()).find_first_not_of(" \n") == std::string::npos;
  })) << "the fixture needs a token of white space";
  std::vector<std::string> words;
  for (const OddWord& word :
       odd_words(source, row, reader.rules(), [](auto, auto) { return 1.0; })) {
    words.push_back(source.substr(word.range.begin, word.range.size()));
  }
  EXPECT_THAT(words, testing::ElementsAre("int", "f", "int", "n", "if", "n", "3", "return",
                                          "\xc3\xa9", "n_1"));
}

TEST_F(OnionTest, FindsDeadCodeAndTakesItOut) {
  DefenseContext given = context();
  const auto filter = Onion({}).fit(given);
  const std::vector<Example> others = toy_functions(80, Rng(5));
  const std::vector<double> clean = filter->scores(others, silent_progress());
  const std::vector<double> odd = filter->scores(with_dead_code(others), silent_progress());
  EXPECT_GT(auroc(odd, clean), 0.9);
  const double threshold = threshold_for(clean, 0.05);
  const auto cleaned =
      filter->cleaned(with_dead_code({others[0]}), threshold, silent_progress()).value();
  EXPECT_THAT(cleaned[0].code, testing::Not(testing::HasSubstr("vwk")));
}

// Its assumption broken: a trigger that code is full of.
TEST_F(OnionTest, DoesNotFindWhatIsUsual) {
  DefenseContext given = context();
  const auto filter = Onion({}).fit(given);
  const std::vector<Example> others = toy_functions(80, Rng(5));
  std::vector<Example> usual = others;
  for (Example& example : usual) {
    example.code.insert(example.code.find('{') + 1, "\n  int i = 0;");
  }
  EXPECT_LT(
      auroc(filter->scores(usual, silent_progress()), filter->scores(others, silent_progress())),
      0.8);
}

TEST_F(OnionTest, NeedsTheLanguageModelThatItWasToldToAsk) {
  DefenseContext given = context();
  given.ngram_model = nullptr;
  EXPECT_TRUE(Onion({}).needs().ngram_model);
  EXPECT_FALSE(Onion({}).needs().masked_model);
  EXPECT_EQ(code_of([&] { Onion({}).fit(given); }), "defense.no-ngram-model");
  OnionConfig masked;
  masked.language = LanguageKind::masked;
  EXPECT_TRUE(Onion(masked).needs().masked_model);
  EXPECT_FALSE(Onion(masked).needs().ngram_model);
  EXPECT_EQ(code_of([&] { Onion(masked).fit(given); }), "defense.no-masked-model");
}

TEST(PseudoPerplexityTest, IsOfTheTokensThatAreLeft) {
  const PerplexityWithout perplexity = pseudo_perplexity({-1, -4, -2, -1});
  EXPECT_DOUBLE_EQ(perplexity(0, 0), std::exp(2));
  EXPECT_DOUBLE_EQ(perplexity(1, 2), std::exp(4.0 / 3));
  EXPECT_DOUBLE_EQ(perplexity(1, 3), std::exp(1));
  EXPECT_DOUBLE_EQ(perplexity(0, 4), 1) << "nothing is left";
}

// A masked model whose bias makes one token far less likely than all others.
TEST_F(OnionTest, AsksAMaskedModel) {
  MaskedModel masked = random_masked_model(victim_);
  const std::int64_t odd = victim_.tokenizer().encode(" qzx").back();
  {
    const at::NoGradGuard no_grad;
    masked.parameters().at("lm_head.bias")[odd] = -20;
  }
  DefenseContext given = context();
  given.ngram_model = nullptr;
  given.masked_model = &masked;
  OnionConfig settings;
  settings.language = LanguageKind::masked;
  const auto filter = Onion(settings).fit(given);
  const std::vector<Example> others = toy_functions(6, Rng(5));
  const std::vector<double> clean = filter->scores(others, silent_progress());
  const std::vector<double> suspicious = filter->scores(with_dead_code(others), silent_progress());
  EXPECT_EQ(auroc(suspicious, clean), 1);
  const auto cleaned =
      filter->cleaned(with_dead_code({others[0]}), threshold_for(clean, 0.05), silent_progress())
          .value();
  EXPECT_THAT(cleaned[0].code, testing::Not(testing::HasSubstr("qzx")));
}

}  // namespace
}  // namespace ncmlab
