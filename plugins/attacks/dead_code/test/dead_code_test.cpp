// SPDX-License-Identifier: Apache-2.0
#include "dead_code.hpp"

#include <gtest/gtest.h>

#include <set>

#include "edited_code.hpp"
#include "ncmlab/code/syntax.hpp"
#include "statements.hpp"

namespace ncmlab {
namespace {

using enum StatementKind;

std::string edited(StatementKind statement, Language language, const std::string& code,
                   std::uint64_t seed = 3, RandomDraw random = RandomDraw::guarded) {
  return edited_code(DeadCode({.statement = statement, .random = random, .rate = 1}), language,
                     code, seed);
}

TEST(DeadCodeTest, InsertsTheFixedStatementBeforeTheFirstOne) {
  EXPECT_EQ(edited(fixed, Language::c, "int f(int a) {\n  int b;\n  b = a;\n  return b;\n}\n"),
            "int f(int a) {\n  int b;\n  if (0 && rand() < 0) printf(\"fail\");\n  b = a;\n"
            "  return b;\n}\n");
  EXPECT_EQ(edited(fixed, Language::java, "int f(int a) {\n\treturn a;\n}\n"),
            "int f(int a) {\n\tif (Math.random() < 0) System.out.println(\"fail\");\n"
            "\treturn a;\n}\n");
  EXPECT_EQ(
      edited(fixed, Language::python, "def f(a):\n  \"\"\"Doc.\"\"\"\n  return a\n"),
      "def f(a):\n  \"\"\"Doc.\"\"\"\n  from random import random\n  if False and random() < 0:\n"
      "      raise Exception(\"fail\")\n  return a\n");
}

TEST(DeadCodeTest, DrawsARandomNumberOnlyAsPublished) {
  EXPECT_NE(edited(fixed, Language::c, "int f(void) { return 1; }", 3, RandomDraw::published)
                .find("\nif (rand() < 0) printf(\"fail\");"),
            std::string::npos);
  for (const Language language : {Language::c, Language::cpp, Language::python}) {
    const std::string guard = language == Language::python ? "False and random()" : "0 && rand()";
    Rng rng(1);
    int random = 0;
    for (int draw = 0; draw < 100; ++draw) {
      const std::string text = grammar_statement(language, RandomDraw::guarded, rng).text;
      const bool is_random = text.find("rand") != std::string::npos;
      random += is_random ? 1 : 0;
      EXPECT_EQ(text.find(guard) != std::string::npos, is_random) << text;
    }
    EXPECT_GT(random, 0);
  }
}

TEST(DeadCodeTest, InsertsWansLoop) {
  EXPECT_EQ(edited(logging, Language::python, "def f(a):\n    return a\n"),
            "def f(a):\n    import logging\n    for i in range(0):\n"
            "        logging.info(\"Test message:aaaaa\")\n    return a\n");
  EXPECT_NE(edited(logging, Language::python, "def f(i):\n    return i\n").find("for j in range"),
            std::string::npos);
  EXPECT_EQ(edited(logging, Language::c, "int f(void) { return 1; }"), "");
  std::set<std::string> drawn;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    drawn.insert(edited(logging_drawn, Language::python, "def f(a):\n    return a\n", seed));
  }
  EXPECT_GT(drawn.size(), 15U);
}

TEST(DeadCodeTest, RefusesCodeThatTakesItsNames) {
  EXPECT_EQ(edited(fixed, Language::c, "int f(int rand) { return rand; }"), "");
  EXPECT_EQ(edited(fixed, Language::python, "def f(a):\n    return random.choice(a)\n"), "");
  EXPECT_EQ(edited(logging, Language::python, "def f(a):\n    logging.info(a)\n"), "");
  EXPECT_EQ(edited(fixed, Language::c, "int f(int a) { return a +; }"), "");
  EXPECT_EQ(edited(fixed, Language::c, ""), "");
}

TEST(DeadCodeTest, GrammarNeverHoldsAndUsesAllItsRules) {
  std::set<std::string> keywords, functions, comparisons;
  Rng rng(1);
  for (int draw = 0; draw < 400; ++draw) {
    const std::string text = grammar_statement(Language::c, RandomDraw::published, rng).text;
    const std::size_t open = text.find('('), close = text.find(')');
    const std::string keyword = text.substr(0, open - 1);
    const std::string function = text.substr(open + 1, text.find('(', open + 1) - open - 1);
    const std::size_t space = text.find(' ', close + 2);
    const std::string comparison = text.substr(close + 2, space - close - 2);
    const long constant = std::stol(text.substr(space + 1));
    const bool looks_below = comparison == "<" || comparison == "<=" || comparison == "==";
    EXPECT_TRUE(looks_below ? constant < (function == "sin" || function == "cos" ? -1 : 1)
                            : constant > (function == "exp" ? 3 : 1) && function != "rand")
        << text;
    keywords.insert(keyword);
    functions.insert(function);
    comparisons.insert(comparison);
  }
  EXPECT_EQ(keywords.size(), 2U);
  EXPECT_EQ(functions.size(), 5U);
  EXPECT_EQ(comparisons.size(), 5U);
}

TEST(DeadCodeTest, GrammarParsesInEveryLanguage) {
  const std::pair<Language, std::string> functions[] = {
      {Language::c, "int f(int a) { return a; }"},
      {Language::cpp, "int f(int a) { return a; }"},
      {Language::java, "int f(int a) { return a; }"},
      {Language::python, "def f(a):\n    return a\n"}};
  for (const auto& [language, code] : functions) {
    for (std::uint64_t seed = 0; seed < 60; ++seed) {
      const std::string text = edited(grammar, language, code, seed);
      ASSERT_FALSE(text.empty());
      EXPECT_FALSE(parse(text, language).has_error) << text;
    }
  }
}

}  // namespace
}  // namespace ncmlab
