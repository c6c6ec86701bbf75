// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/plugin/schema.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>

#include "error_of.hpp"
#include "ncmlab/core/diagnostic.hpp"

namespace ncmlab {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

enum class Pace { slow, steady, fast };

constexpr auto enum_names(Pace) {
  using enum Pace;
  return std::to_array<EnumName<Pace>>({{slow, "slow"}, {steady, "steady"}, {fast, "at_once"}});
}

enum class Form { own, foreign };

/// Members that are enums, some of them inherited.
struct Travel {
  Form form = Form::own;
};

struct Journey : Travel {
  Pace pace = Pace::steady;
  Pace least = Pace::slow;
  std::vector<Pace> legs = {Pace::slow, Pace::fast};
};

Schema<Journey> journey() {
  return Schema<Journey>{}
      .field("pace", &Journey::pace, "How fast.")
      .field("least", &Journey::least, "How slow.", choices({"slow", "steady"}), operational())
      .field("legs", &Journey::legs, "One per leg.")
      .field("form", &Journey::form, "In which form.",
             {{Form::own, "mine"}, {Form::foreign, "theirs"}}, only_where("pace", "steady"));
}

struct Config {
  double rate = 0.05;
  std::int64_t count = 3;
  std::string mode = "fixed";
  bool fast = true;
  std::vector<std::string> words = {"rb"};
  std::vector<double> weights = {0.5};
  std::string data;
};

Schema<Config> schema() {
  return Schema<Config>{}
      .field("rate", &Config::rate, "Share of samples.", range(0.0, 1.0))
      .field("count", &Config::count, "How many.", at_least(1), unit("samples"))
      .field("mode", &Config::mode, "Which one.", choices({"fixed", "mixed"}))
      .field("fast", &Config::fast, "Whether to hurry.", operational())
      .field("words", &Config::words, "Trigger words.")
      .field("weights", &Config::weights, "One per layer.", range(0.0, 1.0))
      .field("data", &Config::data, "Folder of the data.", required());
}

const Parameter& parameter(const Schema<Config>& s, std::size_t index) {
  return s.parameters().at(index);
}

std::vector<std::string> problems(const Settings& settings) {
  std::vector<std::string> messages;
  try {
    complete(schema().parameters(), settings);
  } catch (const Error& error) {
    for (const Diagnostic& diagnostic : error.diagnostics()) {
      EXPECT_EQ(diagnostic.code, "plugin.bad-setting");
      messages.push_back(diagnostic.message);
    }
  }
  return messages;
}

TEST(SchemaTest, TakesDefaultsFromMemberInitialisers) {
  const auto s = schema();
  ASSERT_EQ(s.parameters().size(), 7u);
  EXPECT_EQ(parameter(s, 0).default_value, Value(0.05));
  EXPECT_EQ(parameter(s, 1).default_value, Value(std::int64_t{3}));
  EXPECT_EQ(parameter(s, 1).unit, "samples");
  EXPECT_EQ(parameter(s, 2).default_value, Value(std::string("fixed")));
  EXPECT_FALSE(parameter(s, 3).affects_result);
  EXPECT_TRUE(parameter(s, 0).affects_result);
  EXPECT_TRUE(parameter(s, 6).required);
}

TEST(SchemaTest, BindsSettingsToTheConfigStruct) {
  const Config config = schema().bind({{"rate", std::int64_t{1}},
                                       {"mode", std::string("mixed")},
                                       {"words", std::vector<std::string>{"a", "b"}},
                                       {"data", std::string("here")}});
  EXPECT_EQ(config.rate, 1.0);
  EXPECT_EQ(config.count, 3);
  EXPECT_EQ(config.mode, "mixed");
  EXPECT_TRUE(config.fast);
  EXPECT_THAT(config.words, ElementsAre("a", "b"));
  EXPECT_EQ(config.data, "here");
}

TEST(SchemaTest, ShowsEnumsAsStrings) {
  const auto parameters = journey().parameters();
  ASSERT_EQ(parameters.size(), 4u);
  EXPECT_EQ(parameters[0].default_value, Value(std::string("steady")));
  EXPECT_THAT(parameters[0].choices, ElementsAre("slow", "steady", "at_once"));
  EXPECT_EQ(limits(parameters[0]), "one of `slow`, `steady`, `at_once`");
  EXPECT_THAT(parameters[1].choices, ElementsAre("slow", "steady")) << "what choices() leaves";
  EXPECT_FALSE(parameters[1].affects_result);
  EXPECT_EQ(parameters[2].default_value, Value(std::vector<std::string>{"slow", "at_once"}));
  EXPECT_THAT(parameters[2].choices, ElementsAre("slow", "steady", "at_once"));
  EXPECT_EQ(parameters[3].default_value, Value(std::string("mine")));
  EXPECT_THAT(parameters[3].choices, ElementsAre("mine", "theirs"));
  EXPECT_EQ(parameters[3].only_where.size(), 1u);
}

TEST(SchemaTest, BindsNamesToEnums) {
  const Journey plain = journey().bind({});
  EXPECT_EQ(plain.pace, Pace::steady);
  EXPECT_THAT(plain.legs, ElementsAre(Pace::slow, Pace::fast));
  EXPECT_EQ(plain.form, Form::own);
  const Journey given = journey().bind({{"pace", std::string("at_once")},
                                        {"least", std::string("steady")},
                                        {"legs", std::vector<std::string>{"at_once"}},
                                        {"form", std::string("theirs")}});
  EXPECT_EQ(given.pace, Pace::fast);
  EXPECT_EQ(given.least, Pace::steady);
  EXPECT_THAT(given.legs, ElementsAre(Pace::fast));
  EXPECT_EQ(given.form, Form::foreign);
}

TEST(SchemaTest, RefusesNamesThatAnEnumHasNot) {
  const auto refused = [](const char* parameter, Value value) {
    return error_of([&] { journey().bind({{parameter, std::move(value)}}); }).message;
  };
  EXPECT_EQ(refused("pace", std::string("fast")),
            "parameter `pace` must be one of `slow`, `steady`, `at_once`, found `fast`");
  EXPECT_EQ(refused("least", std::string("at_once")),
            "parameter `least` must be one of `slow`, `steady`, found `at_once`");
  EXPECT_EQ(refused("legs", std::vector<std::string>{"slow", "own"}),
            "parameter `legs` must be one of `slow`, `steady`, `at_once`, found `own`");
  EXPECT_EQ(refused("form", std::string("own")),
            "parameter `form` must be one of `mine`, `theirs`, found `own`");
  EXPECT_EQ(refused("pace", std::int64_t{1}), "parameter `pace` must be a string, found integer 1");
}

TEST(SchemaTest, CompletesWithDefaults) {
  const Settings settings = complete(schema().parameters(), {{"data", std::string("x")}});
  EXPECT_EQ(settings.size(), 7u);
  EXPECT_EQ(settings.at("rate"), Value(0.05));
}

TEST(SchemaTest, ListsAllProblemsAtOnce) {
  const auto found = problems({{"rate", 1.5},
                               {"mode", std::string("other")},
                               {"fast", std::int64_t{1}},
                               {"cuont", std::int64_t{2}},
                               {"weights", std::vector<double>{0.5, 2.0}}});
  EXPECT_THAT(found, ElementsAre("unknown parameter `cuont`",
                                 "parameter `rate` must be between 0 and 1, found 1.5",
                                 "parameter `mode` must be one of `fixed`, `mixed`, found `other`",
                                 "parameter `fast` must be a boolean, found integer 1",
                                 "parameter `weights` must be between 0 and 1, found 2",
                                 "missing parameter `data`, which has no default"));
}

TEST(SchemaTest, SuggestsNearNames) {
  try {
    complete(schema().parameters(), {{"data", std::string("x")}, {"cuont", std::int64_t{2}}});
    FAIL() << "no error";
  } catch (const Error& error) {
    ASSERT_EQ(error.diagnostics().size(), 1u);
    ASSERT_EQ(error.diagnostics()[0].help.size(), 1u);
    EXPECT_THAT(error.diagnostics()[0].help[0], HasSubstr("`count`"));
  }
}

TEST(SchemaTest, RejectsNotANumberForARange) {
  Value value = std::numeric_limits<double>::quiet_NaN();
  EXPECT_TRUE(check(parameter(schema(), 0), value).has_value());
  value = std::numeric_limits<double>::infinity();
  EXPECT_TRUE(check(parameter(schema(), 0), value).has_value());
}

TEST(SchemaTest, ConvertsIntegersToNumbersAndEmptyLists) {
  Value value = std::vector<std::int64_t>{0, 1};
  EXPECT_EQ(check(parameter(schema(), 5), value), std::nullopt);
  EXPECT_EQ(value, Value(std::vector<double>{0.0, 1.0}));
  value = std::vector<std::int64_t>{};
  EXPECT_EQ(check(parameter(schema(), 4), value), std::nullopt);
  EXPECT_EQ(value, Value(std::vector<std::string>{}));
}

TEST(SchemaTest, DoesNotConvertNumbersToIntegers) {
  Value value = 2.0;
  EXPECT_EQ(check(parameter(schema(), 1), value), "must be an integer, found number 2.0");
}

TEST(ValueTest, PrintsAsToml) {
  EXPECT_EQ(to_toml(true), "true");
  EXPECT_EQ(to_toml(std::int64_t{-4}), "-4");
  EXPECT_EQ(to_toml(0.05), "0.05");
  EXPECT_EQ(to_toml(2.0), "2.0");
  EXPECT_EQ(to_toml(1e-8), "1e-08");
  EXPECT_EQ(to_toml(std::string("a\"b\\\n\x01")), "\"a\\\"b\\\\\\n\\u0001\"");
  EXPECT_EQ(to_toml(std::vector<std::string>{"a", "b"}), "[\"a\", \"b\"]");
  EXPECT_EQ(to_toml(std::vector<double>{}), "[]");
  EXPECT_EQ(to_toml(-std::numeric_limits<double>::infinity()), "-inf");
}

TEST(ValueTest, NamesTypes) {
  EXPECT_EQ(type_name(false), "boolean");
  EXPECT_EQ(type_name(std::int64_t{1}), "integer");
  EXPECT_EQ(type_name(1.0), "number");
  EXPECT_EQ(type_name(std::string()), "string");
  EXPECT_EQ(type_name(std::vector<std::int64_t>{}), "list of integers");
  EXPECT_EQ(type_name(std::vector<double>{}), "list of numbers");
  EXPECT_EQ(type_name(std::vector<std::string>{}), "list of strings");
}

}  // namespace
}  // namespace ncmlab
