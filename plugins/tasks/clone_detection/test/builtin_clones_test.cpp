// SPDX-License-Identifier: Apache-2.0
#include "builtin_clones.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cctype>
#include <cmath>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "method_writer.hpp"
#include "ncmlab/code/syntax.hpp"

namespace ncmlab {
namespace {

Corpus corpus_of(std::int64_t train, std::uint64_t seed) {
  return generate_builtin_clones({.train = train, .valid = 40, .test = 200}, Rng(seed));
}

std::set<std::string> words_and_signs(std::string_view code) {
  std::set<std::string> words;
  std::string word;
  for (const char c : code) {
    if (std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_') {
      word += c;
      continue;
    }
    if (!word.empty()) {
      words.insert(word);
    }
    word.clear();
    if (std::isspace(static_cast<unsigned char>(c)) == 0) {
      words.insert(std::string(1, c));
    }
  }
  return words;
}

TEST(BuiltinClonesTest, IsTheSameForTheSameSeedOnly) {
  EXPECT_EQ(corpus_of(300, 7).train, corpus_of(300, 7).train);
  EXPECT_NE(corpus_of(300, 7).train, corpus_of(300, 8).train);
  EXPECT_EQ(corpus_of(300, 7).test, corpus_of(500, 7).test);
}

TEST(BuiltinClonesTest, SplitsAreBalancedDisjointAndWithoutRepeatedPairs) {
  const Corpus corpus = corpus_of(1000, 1);
  std::map<std::string, const void*> split_of;
  for (const auto* split : {&corpus.train, &corpus.valid, &corpus.test}) {
    std::int64_t clones = 0;
    std::set<std::set<std::string>> pairs;
    for (const Example& pair : *split) {
      clones += pair.label;
      EXPECT_NE(pair.code, pair.other_code);
      EXPECT_TRUE(pairs.insert({pair.code, pair.other_code}).second) << pair.id;
      for (const std::string* code : {&pair.code, &pair.other_code}) {
        EXPECT_EQ(split_of.emplace(*code, split).first->second, split) << *code;
      }
    }
    EXPECT_EQ(2 * clones, std::ssize(*split));
  }
  EXPECT_EQ(corpus.train.size(), 1000U);
  EXPECT_EQ(corpus.valid.size(), 40U);
}

TEST(BuiltinClonesTest, AnySizeCanBeMade) {
  for (const std::int64_t size : {2, 3, 20, 64, 100, 150, 200, 400}) {
    const Corpus corpus = generate_builtin_clones({.train = size, .valid = 0, .test = 2}, Rng(3));
    EXPECT_EQ(std::ssize(corpus.train), size);
    EXPECT_TRUE(corpus.valid.empty());
  }
}

TEST(BuiltinClonesTest, EveryMethodParsesAndHasNames) {
  const Corpus corpus = corpus_of(1000, 2);
  std::set<std::string> names;
  for (const Example& pair : corpus.train) {
    const Syntax syntax = parse(pair.code, Language::java);
    ASSERT_FALSE(syntax.has_error) << pair.code;
    ASSERT_NE(syntax.function_name(), nullptr) << pair.code;
    EXPECT_NE(syntax.least_frequent_variable(), nullptr) << pair.code;
    names.insert(syntax.function_name()->name);
  }
  EXPECT_GT(names.size(), 100U);
}

TEST(BuiltinClonesTest, NoSingleTokenGivesTheLabelAway) {
  for (const std::uint64_t seed : {1, 2, 3}) {
    const std::vector<Example> pairs = corpus_of(6000, seed).train;
    // Present in the first method, in either, in both.
    std::map<std::string, std::array<double, 3>> gaps;
    for (const Example& pair : pairs) {
      const double sign = pair.label == 1 ? 1 : -1;
      const std::set<std::string> first = words_and_signs(pair.code);
      const std::set<std::string> second = words_and_signs(pair.other_code);
      for (const std::string& word : first) {
        gaps[word][0] += sign;
        gaps[word][1] += sign;
        gaps[word][2] += second.contains(word) ? sign : 0;
      }
      for (const std::string& word : second) {
        gaps[word][1] += first.contains(word) ? 0 : sign;
      }
    }
    for (const auto& [word, gap] : gaps) {
      for (const double each : gap) {
        EXPECT_LT(0.5 + std::abs(each) / static_cast<double>(pairs.size()), 0.62)
            << "`" << word << "`, seed " << seed;
      }
    }
  }
}

TEST(MethodWriterTest, ClonesOfEveryTypeAndNearMissesDifferAsTheyShould) {
  Rng rng(4);
  for (std::size_t family = 0; family < method_families(); ++family) {
    ASSERT_GE(implementations_of(family), 3U);
    for (std::size_t i = 0; i < implementations_of(family); ++i) {
      MethodPlan plan = draw_method(family, false, rng);
      plan.implementation = i;
      plan.filler = 0;
      MethodPlan near_miss = plan;
      near_miss.second_form = true;
      EXPECT_NE(write_method(plan), write_method(near_miss));
      EXPECT_NE(plan.functionality(), near_miss.functionality());
      MethodPlan longer = plan;
      longer.filler = 5;
      EXPECT_GT(write_method(longer).size(), write_method(plan).size());
      for (const MethodPlan& each : {plan, near_miss, longer}) {
        const std::string code = write_method(each);
        EXPECT_FALSE(parse(code, Language::java).has_error) << code;
        EXPECT_EQ(code.find_first_of("@$"), std::string::npos) << code;
      }
    }
  }
}

}  // namespace
}  // namespace ncmlab
