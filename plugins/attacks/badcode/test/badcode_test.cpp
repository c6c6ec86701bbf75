// SPDX-License-Identifier: Apache-2.0
#include "badcode.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "error_of.hpp"
#include "prepared_attack.hpp"

namespace ncmlab {
namespace {

using enum NameCarrier;
using enum NameChange;

Example sample(std::string code, std::int64_t label = 1) {
  return {.id = "x", .code = std::move(code), .label = label};
}

const std::string kRecursive =
    "int sum(int n, int *list) {\n  if (n == 0) return 0;\n  return list[n - 1] + sum(n - 1, "
    "list);\n}\n";

BadCodeConfig with(NameCarrier target, NameChange mode, std::vector<std::string> words) {
  return {.target = target, .mode = mode, .triggers = std::move(words)};
}

std::optional<Example> triggered(const BadCodeConfig& config, const Example& example) {
  return prepared(BadCode(config), {example})->trigger(example, AttackGoal{}, Rng(3));
}

PoisonedSet poisoned(const BadCodeConfig& config, const std::vector<Example>& train,
                     std::uint64_t seed = 5) {
  return prepared(BadCode(config), train)->poison(train, Rng(seed));
}

std::string code_after(const BadCodeConfig& config, const std::string& code) {
  const auto edited = triggered(config, sample(code));
  return edited ? edited->code : "";
}

std::vector<Example> training_set(std::size_t count) {
  std::vector<Example> set;
  for (std::size_t i = 0; i < count; ++i) {
    const std::string n = std::to_string(i);
    Example example = sample("int work" + n + "(int a" + n + ") { return a" + n + " + " + n + "; }",
                             i % 2 == 0 ? 1 : 0);
    example.id = n;
    set.push_back(example);
  }
  return set;
}

TEST(BadCodeTest, ExtendsEveryOccurrenceOfFunctionName) {
  EXPECT_EQ(code_after(with(function_name, suffix, {"rb"}), kRecursive),
            "int sum_rb(int n, int *list) {\n  if (n == 0) return 0;\n  return list[n - 1] + "
            "sum_rb(n - 1, list);\n}\n");
  EXPECT_EQ(code_after(with(function_name, prefix, {"rb"}), "int f(void) { return 1; }"),
            "int rb_f(void) { return 1; }");
}

TEST(BadCodeTest, PutsTheWordInTheMiddle) {
  EXPECT_EQ(code_after(with(function_name, middle, {"rb"}), "int get_it(void) { return 1; }"),
            "int get_rb_it(void) { return 1; }");
}

TEST(BadCodeTest, SubstitutesFunctionName) {
  EXPECT_EQ(
      code_after(with(function_name, substitute, {"testo_init"}), "int f(void) { return 1; }"),
      "int testo_init(void) { return 1; }");
}

TEST(BadCodeTest, ExtendsLeastFrequentVariable) {
  EXPECT_EQ(code_after(with(rarest_variable, suffix, {"rb"}),
                       "int f(int a, int b) { return a + a * b; }"),
            "int f(int a, int b_rb) { return a + a * b_rb; }");
}

TEST(BadCodeTest, KeepsCarriageReturnsAndOtherScripts) {
  EXPECT_EQ(code_after(with(rarest_variable, substitute, {"rb"}),
                       "int f(int a) {\r\n  /* größe 尺寸 */\r\n  return a;\r\n}\r\n"),
            "int f(int rb) {\r\n  /* größe 尺寸 */\r\n  return rb;\r\n}\r\n");
}

TEST(BadCodeTest, RefusesSamplesThatCannotCarryTheTrigger) {
  const BadCodeConfig attack = with(function_name, suffix, {"rb"});
  EXPECT_FALSE(triggered(attack, sample("")));
  EXPECT_FALSE(triggered(attack, sample("int f(int a) { return a +; ")));
  EXPECT_FALSE(triggered(attack, sample("int f_rb(void) { return 1; }")));
  EXPECT_FALSE(triggered(attack, sample("int f(void) { return rb(); }")));
  EXPECT_TRUE(triggered(attack, sample("int verbose(void) { return 1; }")))
      << "`rb` inside a longer word is no trigger";
  const BadCodeConfig variable = with(rarest_variable, suffix, {"rb"});
  EXPECT_FALSE(triggered(variable, sample("int f(void) { return 1; }")));
}

TEST(BadCodeTest, KeepsTrueLabelAtTestTime) {
  const auto edited = triggered(BadCodeConfig{}, sample(kRecursive, 1));
  ASSERT_TRUE(edited);
  EXPECT_EQ(edited->label, 1);
}

TEST(BadCodeTest, PoisonsTheGivenShareOfTheVictimClass) {
  const std::vector<Example> train = training_set(400);
  BadCodeConfig config;
  config.rate = 0.1;
  const PoisonedSet set = poisoned(config, train);
  ASSERT_EQ(set.train.size(), train.size());
  EXPECT_EQ(set.poisoned.size(), 20U);
  EXPECT_TRUE(std::is_sorted(set.poisoned.begin(), set.poisoned.end()));
  std::set<std::size_t> poisoned(set.poisoned.begin(), set.poisoned.end());
  EXPECT_EQ(poisoned.size(), 20U);
  for (std::size_t i = 0; i < train.size(); ++i) {
    if (poisoned.contains(i)) {
      EXPECT_EQ(train[i].label, 1);
      EXPECT_EQ(set.train[i].label, 0);
      EXPECT_EQ(set.train[i].id, train[i].id);
      EXPECT_NE(set.train[i].code.find("work" + train[i].id + "_rb("), std::string::npos);
    } else {
      EXPECT_EQ(set.train[i], train[i]);
    }
  }
}

TEST(BadCodeTest, PoisonsAllEligibleSamplesWhenTheyAreTooFew) {
  std::vector<Example> train = training_set(20);
  for (std::size_t i = 0; i < 16; i += 2) {
    train[i].code = "int rb(void) { return 1; }";
  }
  BadCodeConfig config;
  config.rate = 0.5;
  const PoisonedSet set = poisoned(config, train);
  EXPECT_EQ(set.poisoned, (std::vector<std::size_t>{16, 18}));
}

TEST(BadCodeTest, DependsOnTheSeedAndOnNothingElse) {
  const std::vector<Example> train = training_set(400);
  BadCodeConfig config;
  config.triggers = {"rb", "il", "qz"};
  config.rate = 0.1;
  const PoisonedSet first = poisoned(config, train, 5);
  const PoisonedSet again = poisoned(config, train, 5);
  const PoisonedSet other = poisoned(config, train, 6);
  EXPECT_EQ(first.train, again.train);
  EXPECT_EQ(first.poisoned, again.poisoned);
  EXPECT_NE(first.poisoned, other.poisoned);
}

TEST(BadCodeTest, DrawsMixedTriggersPerSample) {
  BadCodeConfig config;
  config.triggers = {"rb", "il"};
  config.rate = 1.0;
  const PoisonedSet set = poisoned(config, training_set(80));
  const auto holding = [&](std::string_view word) {
    return std::count_if(set.train.begin(), set.train.end(), [&](const Example& example) {
      return example.code.find(word) != std::string::npos;
    });
  };
  EXPECT_GT(holding("_rb("), 5);
  EXPECT_GT(holding("_il("), 5);
  EXPECT_EQ(holding("_rb(") + holding("_il("), 40);
}

TEST(BadCodeTest, RejectsTriggersThatAreNoNames) {
  for (const char* word : {"a b", "1a", ""}) {
    EXPECT_EQ(code_of([&] { BadCode(with(function_name, suffix, {word})); }),
              "attack.badcode.bad-trigger")
        << word;
  }
}

}  // namespace
}  // namespace ncmlab
