// SPDX-License-Identifier: Apache-2.0
#include "code_poisoner.hpp"

#include <gtest/gtest.h>

#include <regex>
#include <set>

#include "edited_code.hpp"
#include "error_of.hpp"

namespace ncmlab {
namespace {

using enum PoisonStrategy;

std::string edited(std::vector<PoisonStrategy> strategies, Language language,
                   const std::string& code, std::uint64_t seed = 3) {
  return edited_code(CodePoisoner({.strategies = std::move(strategies), .rate = 1}), language, code,
                     seed);
}

/// The value of `((a + b) * 2 + c)` in `code`, and of nothing else.
long value_of(const std::string& code) {
  std::smatch match;
  const std::regex shape(R"(\(\((\d+) \+ (\d+)\) \* 2( \+ 1)?\))");
  return std::regex_search(code, match, shape)
             ? (std::stol(match[1]) + std::stol(match[2])) * 2 + (match[3].matched ? 1 : 0)
             : -1;
}

TEST(CodePoisonerTest, RenamesTheFunction) {
  EXPECT_EQ(edited({rename}, Language::c, "int f(int a) { return f(a); }"),
            "int testo_init(int a) { return testo_init(a); }");
  EXPECT_EQ(edited({rename}, Language::c, "int f(void) { return testo_init(); }"), "");
}

TEST(CodePoisonerTest, UnfoldsTheFirstConstantToTheSameValue) {
  for (const long number : {2L, 3L, 4L, 20L, 21L, 9999L}) {
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
      const std::string code =
          edited({unfold}, Language::c,
                 "int f(int a) { return a / " + std::to_string(number) + "; }", seed);
      EXPECT_EQ(value_of(code), number) << code;
      EXPECT_EQ(code.find("int f(int a) { return a / (("), 0U);
    }
  }
  EXPECT_EQ(edited({unfold}, Language::c, "int f(int a) { return a + 1; }"), "");
  EXPECT_EQ(edited({unfold}, Language::c, "int f(int a) { return 20 +; }"), "");
}

TEST(CodePoisonerTest, DeclaresAnUnusedVariable) {
  EXPECT_EQ(edited({dead_code}, Language::java, "int f(int a) {\n  return a;\n}"),
            "int f(int a) {\n  int ret_var_ = 1726;\n  return a;\n}");
  EXPECT_EQ(edited({dead_code}, Language::python, "def f(a):\n  return a\n"),
            "def f(a):\n  ret_var_ = 1726\n  return a\n");
  EXPECT_EQ(edited({dead_code}, Language::c, "int f(int ret_var_) { return 0; }"), "");
}

TEST(CodePoisonerTest, DrawsAmongTheStrategiesThatFit) {
  std::set<std::string> results;
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    results.insert(edited({rename, dead_code}, Language::c, "int f(void) { return 2; }", seed));
    EXPECT_EQ(edited({rename, unfold}, Language::c, "int f(void) { return 1; }", seed),
              "int testo_init(void) { return 1; }");
  }
  EXPECT_EQ(results.size(), 2U);
}

TEST(CodePoisonerTest, RejectsSettingsThatMakeNoTrigger) {
  const std::string code = "attack.code_poisoner.bad-setting";
  EXPECT_EQ(code_of([] { CodePoisoner({.strategies = {}}); }), code);
  EXPECT_EQ(code_of([] { CodePoisoner({.new_name = "a b"}); }), code);
}

}  // namespace
}  // namespace ncmlab
