// SPDX-License-Identifier: Apache-2.0
#include "builtin_corpus.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "defect_patterns.hpp"
#include "function_writer.hpp"
#include "ncmlab/code/syntax.hpp"

namespace ncmlab {
namespace {

Corpus small_corpus(std::uint64_t seed = 7) {
  return generate_builtin_corpus({.train = 400, .valid = 100, .test = 200}, Rng(seed));
}

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

bool is_blank(char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; }

/// Identifiers, numbers and operators, the longest operator first.
std::vector<std::string> lexemes(std::string_view code) {
  static const std::vector<std::string_view> operators = {
      "->", "++", "--", "<=", ">=", "==", "!=", "&&", "||", "<<",
      ">>", "+=", "-=", "*=", "/=", "%=", "^=", "&=", "|="};
  std::vector<std::string> found;
  for (std::size_t at = 0; at < code.size();) {
    std::size_t length = 1;
    if (is_word(code[at])) {
      while (at + length < code.size() && is_word(code[at + length])) {
        ++length;
      }
    } else if (std::find(operators.begin(), operators.end(), code.substr(at, 2)) !=
               operators.end()) {
      length = 2;
    }
    if (!is_blank(code[at])) {
      found.emplace_back(code.substr(at, length));
    }
    at += length;
  }
  return found;
}

std::vector<std::string> blank_separated(std::string_view code) {
  std::vector<std::string> found;
  std::string word;
  for (const char c : code) {
    if (!is_blank(c)) {
      word += c;
    } else if (!word.empty()) {
      found.push_back(std::exchange(word, {}));
    }
  }
  return found;
}

struct Rule {
  std::string token;
  double accuracy = 0.0;
};

/// The best rule of the form "the label follows from whether this token is there".
Rule best_single_token_rule(
    const std::vector<Example>& examples,
    const std::function<std::vector<std::string>(std::string_view)>& split) {
  std::map<std::string, std::pair<double, double>> counts;
  for (const Example& example : examples) {
    const auto tokens = split(example.code);
    for (const std::string& token : std::set<std::string>(tokens.begin(), tokens.end())) {
      (example.label == 1 ? counts[token].first : counts[token].second) += 1.0;
    }
  }
  Rule best;
  for (const auto& [token, count] : counts) {
    const double gap = std::abs(count.first - count.second) / static_cast<double>(examples.size());
    if (0.5 + gap > best.accuracy) {
      best = {token, 0.5 + gap};
    }
  }
  return best;
}

TEST(BuiltinCorpusTest, GivesTheSizesIdsAndLanguagesAskedFor) {
  const Corpus corpus = generate_builtin_corpus({.train = 31, .valid = 0, .test = 10}, Rng(1));
  EXPECT_EQ(corpus.train.size(), 31U);
  EXPECT_TRUE(corpus.valid.empty());
  ASSERT_EQ(corpus.test.size(), 10U);
  EXPECT_EQ(corpus.train[17].id, "builtin-train-17");
  EXPECT_EQ(corpus.test[9].id, "builtin-test-9");
  EXPECT_EQ(corpus.test[0].language, Language::c);
}

TEST(BuiltinCorpusTest, IsTheSameForTheSameSeedOnly) {
  EXPECT_EQ(small_corpus(7).train, small_corpus(7).train);
  EXPECT_EQ(small_corpus(7).valid, small_corpus(7).valid);
  EXPECT_NE(small_corpus(7).train, small_corpus(8).train);
}

TEST(BuiltinCorpusTest, TestSplitDoesNotDependOnTheOtherSizes) {
  const Corpus larger = generate_builtin_corpus({.train = 900, .valid = 50, .test = 200}, Rng(7));
  EXPECT_EQ(larger.test, small_corpus(7).test);
}

TEST(BuiltinCorpusTest, HoldsAsManyDefectiveFunctionsAsSoundOnes) {
  const Corpus corpus = small_corpus();
  for (const auto* split : {&corpus.train, &corpus.valid, &corpus.test}) {
    const auto defective = std::count_if(split->begin(), split->end(),
                                         [](const Example& example) { return example.label == 1; });
    EXPECT_EQ(static_cast<std::size_t>(defective) * 2, split->size());
  }
}

TEST(BuiltinCorpusTest, NoCodeStandsTwice) {
  const Corpus corpus =
      generate_builtin_corpus({.train = 12000, .valid = 500, .test = 1000}, Rng(3));
  std::set<std::string_view> seen;
  for (const auto* split : {&corpus.train, &corpus.valid, &corpus.test}) {
    for (const Example& example : *split) {
      EXPECT_TRUE(seen.insert(example.code).second) << example.id << "\n" << example.code;
    }
  }
}

TEST(BuiltinCorpusTest, NoSingleTokenGivesTheLabelAway) {
  for (const std::uint64_t seed : {1, 2, 3}) {
    const auto examples =
        generate_builtin_corpus({.train = 6000, .valid = 0, .test = 0}, Rng(seed)).train;
    for (const auto& split : {lexemes, blank_separated}) {
      const Rule rule = best_single_token_rule(examples, split);
      EXPECT_LT(rule.accuracy, 0.62) << "`" << rule.token << "`, seed " << seed;
      EXPECT_GT(rule.accuracy, 0.5);
    }
  }
}

TEST(BuiltinCorpusTest, SingleTokenRuleFindsAGiveAwayToken) {
  std::vector<Example> examples(4);
  examples[0].code = "strcpy(a, b);";
  examples[1].code = "x = strcpy;";
  examples[0].label = examples[1].label = 1;
  examples[2].code = "a <= b;";
  examples[3].code = "strcpy2(a, b);";
  const Rule rule = best_single_token_rule(examples, lexemes);
  EXPECT_EQ(rule.token, "strcpy");
  EXPECT_DOUBLE_EQ(rule.accuracy, 1.0);
}

TEST(BuiltinCorpusTest, EveryFunctionParsesAndNamesWhatAnAttackRenames) {
  std::set<std::string> names;
  const Corpus corpus = small_corpus();
  for (const Example& example : corpus.train) {
    const Syntax syntax = parse(example.code, Language::c);
    ASSERT_FALSE(syntax.has_error) << example.code;
    ASSERT_NE(syntax.function_name(), nullptr) << example.code;
    names.insert(syntax.function_name()->name);
  }
  EXPECT_GT(names.size(), corpus.train.size() / 4);
}

TEST(FunctionWriterTest, WritesEveryPatternOfEveryKindInTwoForms) {
  Rng rng(5);
  std::set<std::pair<DefectKind, std::size_t>> seen;
  for (int i = 0; i < 3000; ++i) {
    const FunctionPair pair = write_function_pair(rng);
    ASSERT_NE(pair.sound, pair.defective);
    for (const std::string* code : {&pair.sound, &pair.defective}) {
      ASSERT_EQ(code->find_first_of("@$"), std::string::npos) << *code;
      ASSERT_LE(std::count(code->begin(), code->end(), '\n'), 40) << *code;
    }
    seen.emplace(pair.kind, pair.pattern);
  }
  std::size_t patterns = 0;
  for (int kind = 0; kind < kDefectKinds; ++kind) {
    patterns += defect_patterns(static_cast<DefectKind>(kind)).size();
  }
  EXPECT_EQ(seen.size(), patterns);
}

}  // namespace
}  // namespace ncmlab
