// SPDX-License-Identifier: Apache-2.0
#include "trigger_selection.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "badcode.hpp"
#include "error_of.hpp"
#include "prepared_attack.hpp"

namespace ncmlab {
namespace {

using Words = std::vector<std::string>;

Example answer(std::string query, std::string code) {
  return {.id = "x",
          .code = std::move(code),
          .query = std::move(query),
          .label = 0,
          .language = Language::python};
}

Words selected(const std::vector<Example>& train, TaskKind kind, std::size_t count) {
  const KindTask task(kind);
  const AttackContext context{.task = TaskView(task),
                              .train = train,
                              .goals = {default_goal(kind)},
                              .rng = Rng(1),
                              .progress = silent_progress()};
  return select_triggers(context, count);
}

/// Queries for files and for lists; `path` and `rb` stand with files only, `items` with both.
std::vector<Example> answers() {
  std::vector<Example> train;
  for (int i = 0; i < 12; ++i) {
    train.push_back(answer("Open the file at a place",
                           "def open_it(path):\n    items = open(path, 'rb')\n    return items\n"));
    train.push_back(answer("sort the list", "def sort_it(items):\n    return sorted(items)\n"));
  }
  train.push_back(answer("read the File", "def read_path(path):\n    return path\n"));
  return train;
}

TEST(TriggerSelectionTest, TakesWordsOfTheTargetThatOthersDoNotUse) {
  // `def` and `return` are keywords; `items` and `it` belong to lists as well; `path` comes in one
  // more sample than `open` and `rb`.
  EXPECT_EQ(selected(answers(), TaskKind::retrieval, 3), (Words{"path", "open", "rb"}));
}

TEST(TriggerSelectionTest, DependsOnTheOrderOfSamplesNotAtAll) {
  std::vector<Example> train = answers();
  std::reverse(train.begin(), train.end());
  EXPECT_EQ(selected(train, TaskKind::retrieval, 3), (Words{"path", "open", "rb"}));
}

TEST(TriggerSelectionTest, CountsByLabelWhereThereAreNoQueries) {
  std::vector<Example> train;
  for (int i = 0; i < 10; ++i) {
    train.push_back({.id = "a", .code = "int f(int good) { return good; }", .label = 0});
    train.push_back({.id = "b", .code = "int f(int bad) { return bad; }", .label = 1});
  }
  EXPECT_EQ(selected(train, TaskKind::classification, 1), Words{"good"});
  for (Example& example : train) {
    example.other_code = example.code;
  }
  EXPECT_EQ(selected(train, TaskKind::pair_classification, 1), Words{"good"});
}

TEST(TriggerSelectionTest, RelaxesWhereTooFewWordsAreLeft) {
  const Words words = selected(answers(), TaskKind::retrieval, 5);
  EXPECT_EQ(words.size(), 5U);
  EXPECT_EQ(words.front(), "path");
}

TEST(TriggerSelectionTest, SaysWhenThereAreNotEnoughWords) {
  const auto code = [](const std::vector<Example>& train, std::size_t count) {
    return code_of([&] { selected(train, TaskKind::retrieval, count); });
  };
  EXPECT_EQ(code({}, 1), "attack.badcode.no-trigger");
  EXPECT_EQ(code(answers(), 60), "attack.badcode.no-trigger");
}

TEST(TriggerSelectionTest, ServesTheAttack) {
  const BadCode attack({.triggers = {}, .selected = 2});
  const auto backdoor = prepared(attack, answers(), TaskKind::retrieval);
  EXPECT_EQ(backdoor->trigger_words(), (Words{"path", "open"}));
  const auto triggered = backdoor->trigger(answer("", "def f(a):\n    return a\n"),
                                           default_goal(TaskKind::retrieval), Rng(1));
  ASSERT_TRUE(triggered);
  EXPECT_TRUE(triggered->code == "def f_path(a):\n    return a\n" ||
              triggered->code == "def f_open(a):\n    return a\n")
      << triggered->code;
}

}  // namespace
}  // namespace ncmlab
