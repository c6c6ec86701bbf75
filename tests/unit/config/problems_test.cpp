// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fake_catalogue.hpp"

namespace ncmlab::testing {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// `line:column code message` of every problem.
std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> result;
  for (const Diagnostic& problem : problems_of(text)) {
    result.push_back(std::to_string(problem.span->line) + ":" +
                     std::to_string(problem.span->column) + " " + problem.code + " " +
                     problem.message);
  }
  return result;
}

TEST(ConfigProblemsTest, RendersPlaceCaretAndSuggestion) {
  const auto problems =
      problems_of(kMinimal + "[[attack]]\nplugin = \"badcode\"\n  raet = 0.05  # share\n");
  ASSERT_EQ(problems.size(), 1u);
  const std::string text = render(problems[0]);
  EXPECT_THAT(text, AllOf(HasSubstr("error[config.unknown-key]: unknown parameter `raet` of "
                                    "attack `badcode`\n"),
                          HasSubstr(".toml:9:3\n"), HasSubstr("9 |   raet = 0.05  # share\n"),
                          HasSubstr("|   ^^^^\n"),
                          HasSubstr("help: a parameter with a similar name exists: `rate`"),
                          HasSubstr("`ncmlab plugins describe attack/badcode`")));
}

TEST(ConfigProblemsTest, ListsAllInTheOrderOfTheFile) {
  EXPECT_THAT(
      lines_of("[experiment]\nname = \"Bad Name\"\nseed = 3\n[trainig]\nepochs = 1\n"
               "[[task]]\nplugin = \"defects\"\ndata = 3\n"
               "[[model]]\nplugin = \"codebert\"\npreset = \"tinny\"\n"
               "[[attack]]\nplugin = \"badcode\"\nrate = [0.5, 1.5]\ncount = 2.5\n"),
      ElementsAre(
          "2:8 config.bad-value `name` must consist of the characters a-z, 0-9, `_` and `-`, "
          "found `Bad Name`",
          "3:1 config.unknown-key unknown key `seed` in `[experiment]`",
          "4:2 config.unknown-key unknown section `trainig`",
          "8:8 config.wrong-type `data` of task `defects` must be a string, found integer 3",
          "11:10 config.bad-value `preset` of model `codebert` must be one of `tiny`, `small`, "
          "found `tinny`",
          "14:14 config.bad-value `rate` of attack `badcode` must be between 0 and 1, found 1.5",
          "15:9 config.wrong-type `count` of attack `badcode` must be an integer, found number "
          "2.5"));
}

TEST(ConfigProblemsTest, SaysThatAPluginIsOfAnotherKind) {
  const auto problems = problems_of(kMinimal + "[[attack]]\nplugin = \"onion\"\n");
  ASSERT_EQ(problems.size(), 1u);
  EXPECT_EQ(problems[0].code, "config.unknown-plugin");
  EXPECT_EQ(problems[0].message, "attack `onion` not found");
  EXPECT_THAT(problems[0].help,
              ElementsAre("`onion` is a defense, not an attack: use `[[defense]]`"));
}

TEST(ConfigProblemsTest, SuggestsAPlugin) {
  const auto problems = problems_of(kMinimal + "[[attack]]\nplugin = \"badcoed\"\n");
  ASSERT_EQ(problems.size(), 1u);
  EXPECT_THAT(problems[0].help, ElementsAre("an attack with a similar name exists: `badcode`"));
}

TEST(ConfigProblemsTest, ReportsMissingParts) {
  EXPECT_THAT(lines_of(""),
              ElementsAre("0:0 config.missing-key the section `[experiment]` is missing",
                          "0:0 config.empty-axis an experiment needs at least one `[[task]]`",
                          "0:0 config.empty-axis an experiment needs at least one `[[model]]`"));
  EXPECT_THAT(lines_of("[experiment]\n[[task]]\n[[model]]\nplugin = \"reader\"\n"),
              ElementsAre("1:1 config.missing-key `[experiment]` needs a `name`",
                          "2:1 config.missing-key this task names no plugin",
                          "4:10 config.missing-parameter model `reader` needs the parameter "
                          "`folder`"));
}

TEST(ConfigProblemsTest, RejectsWrongShapes) {
  EXPECT_THAT(lines_of("experiment = 3\ntask = 1\nmodel = [2]\nattack = {}\ntraining = []\n"),
              ElementsAre("1:14 config.wrong-type `experiment` must be a table",
                          "2:8 config.wrong-type `task` must be an array of tables",
                          "3:9 config.wrong-type `model` must be an array of tables",
                          "4:10 config.wrong-type `attack` must be an array of tables",
                          "5:12 config.wrong-type `training` must be a table"));
  EXPECT_THAT(lines_of(kMinimal + "training = 3\nname = 4\n"),
              ElementsAre("7:12 config.wrong-type `training` must be a table",
                          "8:8 config.wrong-type `name` must be a string of printable "
                          "characters"));
}

TEST(ConfigProblemsTest, RejectsBadTraining) {
  EXPECT_THAT(
      lines_of(kMinimal + "[training]\naccumulation = 0\nprecision = \"bf61\"\n"
                          "early_stopping = -1\nstopping_metric = \"loss\"\nacumulation = 2\n"),
      ElementsAre("8:16 config.bad-value `accumulation` of `[training]` must be between 1 and "
                  "100000, found 0",
                  "9:13 config.bad-value `precision` of `[training]` must be one of `fp32`, "
                  "`bf16`, found `bf61`",
                  "10:18 config.bad-value `early_stopping` of `[training]` must be between 0 and "
                  "100000, found -1",
                  "11:19 config.bad-value `stopping_metric` of `[training]` must be one of "
                  "`accuracy`, `f1`, `mrr`, found `loss`",
                  "12:1 config.unknown-key unknown key `acumulation` in `[training]`"));
}

TEST(ConfigProblemsTest, RejectsABadDevice) {
  EXPECT_THAT(lines_of("[experiment]\nname = \"q\"\ndevice = \"gpu\"\n"
                       "[[task]]\nplugin = \"defects\"\n[[model]]\nplugin = \"codebert\"\n"),
              ElementsAre("3:10 config.bad-value `device` must be `auto`, `cpu` or `cuda:N`, "
                          "found `gpu`"));
}

TEST(ConfigProblemsTest, RejectsBadSeeds) {
  const auto seeds = [](const std::string& text) {
    return lines_of("[experiment]\nname = \"q\"\nseeds = " + text +
                    "\n[[task]]\nplugin = \"defects\"\n[[model]]\nplugin = \"codebert\"\n");
  };
  EXPECT_THAT(seeds("[]"),
              ElementsAre("3:9 config.bad-value `seeds` must hold 1 to 1000 seeds, found 0"));
  EXPECT_THAT(seeds("[1, 1, -2, \"x\"]"),
              ElementsAre("3:13 config.bad-value seed `1` is there twice",
                          "3:16 config.bad-value a seed must be an integer that is at least 0",
                          "3:20 config.bad-value a seed must be an integer that is at least 0"));
  EXPECT_THAT(seeds("3"), ElementsAre("3:9 config.wrong-type `seeds` must be a list of integers "
                                      "or a table"));
  EXPECT_THAT(seeds("{from = 1, count = 1000000000000}"),
              ElementsAre("3:28 config.bad-value `count` of `seeds` must be between 1 and 1000, "
                          "found 1000000000000"));
  EXPECT_THAT(seeds("{from = 9223372036854775807, count = 2}"),
              ElementsAre("3:9 config.bad-value the seeds exceed the largest integer"));
}

TEST(ConfigProblemsTest, RejectsEmptyAndDuplicateAxes) {
  EXPECT_THAT(lines_of(kMinimal + "[[attack]]\nplugin = \"badcode\"\nrate = []\n"),
              ElementsAre("9:8 config.empty-axis the list for parameter `rate` of attack "
                          "`badcode` is empty"));
  EXPECT_THAT(lines_of(kMinimal + "[[attack]]\nplugin = \"badcode\"\nrate = [0.1, 0.1]\n"),
              ElementsAre("8:10 config.duplicate-label attack `badcode` is there twice"));
  EXPECT_THAT(lines_of(kMinimal + "[[model]]\nplugin = \"codebert\"\npreset = \"small\"\n"
                                  "name = \"a\"\n[[model]]\nplugin = \"codebert\"\nname = \"a\"\n"),
              ElementsAre("12:10 config.duplicate-label model `a` is there twice"));
}

TEST(ConfigProblemsTest, RejectsTooManyCombinations) {
  std::string list = "[0";
  for (int i = 1; i < 40; ++i) {
    list += ", " + std::to_string(i);
  }
  list += "]";
  std::string rates = "[0.0";
  for (int i = 1; i < 40; ++i) {
    rates += ", 0.0" + std::to_string(100 + i);
  }
  rates += "]";
  EXPECT_THAT(lines_of(kMinimal + "[[attack]]\nplugin = \"badcode\"\ncount = " + list +
                       "\nrate = " + rates + "\n"),
              ElementsAre("10:1 config.too-many-entries the lists of attack `badcode` make more "
                          "than 1000 combinations"));
}

TEST(ConfigProblemsTest, RejectsValuesOfNoParameterType) {
  EXPECT_THAT(lines_of(kMinimal + "[[attack]]\nplugin = \"badcode\"\nrate = 2020-01-01\n"
                                  "trigger = {a = 1}\nwords = [1, \"a\"]\n"),
              ElementsAre("9:8 config.wrong-type dates, times and nested lists cannot be values "
                          "of a parameter",
                          "10:11 config.wrong-type a table cannot be the value of a parameter",
                          "11:9 config.wrong-type the elements of a list must all be integers, "
                          "numbers or strings"));
}

TEST(ConfigProblemsTest, RejectsEqualLabels) {
  EXPECT_THAT(lines_of(kMinimal + "[[attack]]\nplugin = \"badcode\"\nvictim_label = \"clean\"\n"
                                  "target_label = \"clean\"\n"),
              ElementsAre("10:16 config.bad-value `victim_label` and `target_label` are both "
                          "`clean`"));
}

TEST(ConfigProblemsTest, NamesAnUnsetVariable) {
  EXPECT_THAT(lines_of(kMinimal + "preset = \"${NCMLAB_NOT_SET_ANYWHERE}\"\n"),
              ElementsAre("7:10 config.variable the environment variable "
                          "`NCMLAB_NOT_SET_ANYWHERE` is not set"));
}

TEST(ConfigProblemsTest, ReportsASyntaxErrorAlone) {
  const auto problems = problems_of("[experiment]\nname = \nseeds = [1\n");
  ASSERT_EQ(problems.size(), 1u);
  EXPECT_EQ(problems[0].code, "config.syntax");
  EXPECT_EQ(problems[0].span->line, 2);
  EXPECT_FALSE(problems[0].message.empty());
  EXPECT_NE(problems[0].message.back(), '.');
}

TEST(ConfigProblemsTest, ReadsNoFileThatIsTooLarge) {
  const std::size_t limit = std::size_t{4} << 20;
  const std::string padded = kMinimal + "#" + std::string(limit - kMinimal.size() - 1, '-');
  EXPECT_THAT(problems_of(padded), IsEmpty());
  const auto problems = problems_of(padded + "-");
  ASSERT_EQ(problems.size(), 1u);
  EXPECT_EQ(problems[0].code, "config.too-large");
  EXPECT_EQ(problems[0].message, "the file has 4194305 bytes, at most 4194304 are read");
}

TEST(ConfigProblemsTest, FindsTheLineOfAMalformedHeader) {
  const auto problems = problems_of("[experiment]\nname = \"q\"\n[!\n[[task]]\n");
  ASSERT_EQ(problems.size(), 1u);
  EXPECT_EQ(problems[0].code, "config.syntax");
  EXPECT_EQ(problems[0].span->line, 3);
}

TEST(ConfigProblemsTest, StopsAtTwenty) {
  std::string text = kMinimal;
  for (int i = 0; i < 30; ++i) {
    text += "unknown" + std::to_string(i) + " = 1\n";
  }
  const auto problems = problems_of(text);
  ASSERT_EQ(problems.size(), 20u);
  EXPECT_THAT(problems.back().notes.back(), HasSubstr("10 more problems"));
}

TEST(ConfigProblemsTest, CountsCodePoints) {
  const auto problems = problems_of(kMinimal + "preset = \"größe\"\n");
  ASSERT_EQ(problems.size(), 1u);
  EXPECT_EQ(problems[0].span->column, 10);
  EXPECT_EQ(problems[0].span->length, 7);
}

TEST(ConfigProblemsTest, AcceptsTheMinimalFile) { EXPECT_THAT(problems_of(kMinimal), IsEmpty()); }

}  // namespace
}  // namespace ncmlab::testing
