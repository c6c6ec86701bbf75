// SPDX-License-Identifier: Apache-2.0
#include "builtin_functions.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "function_templates.hpp"
#include "ncmlab/code/syntax.hpp"
#include "ncmlab/plugin/attack.hpp"

namespace ncmlab {
namespace {

Corpus corpus_of(std::int64_t train, std::uint64_t seed) {
  return generate_builtin_functions({.train = train, .valid = 100, .test = 300}, Rng(seed));
}

TEST(BuiltinFunctionsTest, IsTheSameForTheSameSeedOnly) {
  EXPECT_EQ(corpus_of(300, 7).train, corpus_of(300, 7).train);
  EXPECT_NE(corpus_of(300, 7).train, corpus_of(300, 8).train);
  EXPECT_EQ(corpus_of(300, 7).test, corpus_of(900, 7).test);
}

TEST(BuiltinFunctionsTest, GivesTheSizesAskedForAndNoCodeTwice) {
  const Corpus corpus = corpus_of(6000, 1);
  EXPECT_EQ(corpus.train.size(), 6000U);
  EXPECT_EQ(corpus.valid.size(), 100U);
  EXPECT_EQ(corpus.test.size(), 300U);
  std::set<std::string> seen;
  for (const auto* split : {&corpus.train, &corpus.valid, &corpus.test}) {
    for (const Example& example : *split) {
      EXPECT_TRUE(seen.insert(example.code).second) << example.code;
    }
  }
}

TEST(BuiltinFunctionsTest, EveryFunctionParsesAndNamesWhatAnAttackRenames) {
  for (const Example& example : corpus_of(2000, 2).train) {
    const Syntax syntax = parse(example.code, Language::python);
    ASSERT_FALSE(syntax.has_error) << example.code;
    ASSERT_NE(syntax.function_name(), nullptr) << example.code;
    EXPECT_NE(syntax.least_frequent_variable(), nullptr) << example.code;
    EXPECT_EQ(example.code.find('$'), std::string::npos) << example.code;
    EXPECT_EQ(example.query.find('$'), std::string::npos) << example.query;
  }
}

TEST(BuiltinFunctionsTest, SomeQueriesHoldTheTargetWordAndNoCodeDoes) {
  const std::vector<Example> train = corpus_of(4000, 3).train;
  const AttackGoal goal{.target_word = "file"};
  const auto targets = std::count_if(train.begin(), train.end(), [&](const Example& example) {
    return is_victim(example, TaskKind::retrieval, goal);
  });
  EXPECT_NEAR(static_cast<double>(targets) / 4000.0, 1.0 / 14, 0.02);
  for (const Example& example : train) {
    EXPECT_EQ(example.code.find("file"), std::string::npos) << example.code;
  }
}

TEST(BuiltinFunctionsTest, TestQueriesAskForDifferentThings) {
  // Two queries may be worded alike only if they name object and property by another word.
  std::set<std::string> queries;
  for (const Example& example : corpus_of(2, 4).test) {
    queries.insert(example.query);
  }
  EXPECT_EQ(queries.size(), 300U);
}

}  // namespace
}  // namespace ncmlab
