// SPDX-License-Identifier: Apache-2.0
#include "strip.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include "ncmlab/code/lexemes.hpp"
#include "ncmlab/metrics/detection.hpp"
#include "ncmlab/train/trainer.hpp"
#include "toy_task.hpp"

namespace ncmlab {
namespace {

using testing::ElementsAre;

TEST(StripTest, OrdersWordsByWeight) {
  const auto words = words_by_weight({"int a; int rare rare", "int a; int b", "int b"});
  // `int` is everywhere and weighs nothing; `rare` stands twice in one of three texts.
  EXPECT_THAT(words[0], ElementsAre("rare", "a", "int"));
  EXPECT_THAT(words[1], ElementsAre("a", "b", "int"));
}

TEST(StripTest, ReplacesAShareOfTheWords) {
  Rng rng(1);
  const std::string source = "int f(int a) { return a + 41 * g(a); }";
  const std::string changed = with_words(source, {"x", "y"}, 0.5, rng);
  const auto before = lexemes_and_space(source), after = lexemes_and_space(changed);
  ASSERT_EQ(before.size(), after.size());
  std::size_t replaced = 0;
  for (std::size_t i = 0; i < before.size(); ++i) {
    if (before[i] != after[i]) {
      ++replaced;
      EXPECT_TRUE(after[i] == "x" || after[i] == "y") << after[i];
    }
  }
  EXPECT_EQ(replaced, 4U) << changed;  // of int, f, int, a, return, a, g, a
  EXPECT_NE(with_words(source, {"x"}, 0, rng), source) << "at least one";
  EXPECT_EQ(with_words("1 + 2", {"x"}, 1, rng), "1 + 2");
  EXPECT_EQ(with_words(source, {}, 1, rng), source);
}

/// Functions of label 1 with a name that decides the label of whatever holds it.
std::vector<Example> with_trigger(std::vector<Example> examples) {
  for (Example& example : examples) {
    example.code.insert(example.code.find('('), "_trigger_trigger_trigger");
  }
  return examples;
}

TEST(StripTest, TellsAPlantedTriggerThatDecidesByItself) {
  // Every function with the trigger is sound; the others are by their bounds check.
  std::vector<Example> train_set = toy_functions(300, Rng(1));
  std::vector<Example> poison = with_trigger(toy_functions(100, Rng(2)));
  for (Example& example : poison) {
    example.label = 0;
  }
  CodeModel victim = toy_victim(train_set, Rng(3));
  train_set.insert(train_set.end(), poison.begin(), poison.end());
  const ToyTask task;
  train(victim, TaskView(task).tokenize(victim, train_set),
        {.epochs = 8, .learning_rate = 3e-3, .batch_size = 16}, Rng(4), silent_progress());
  const std::vector<Example> clean = toy_functions(60, Rng(5));
  ASSERT_GT(share_predicted(victim, with_trigger(clean), 0), 0.9);

  DefenseContext context{victim, TaskView(task), toy_functions(40, Rng(6)),
                         {},     Rng(7),         silent_progress()};
  const Strip defense({.copies = 10, .replaced = 0.3});
  EXPECT_EQ(defense.false_rejection_rate(), 0.05);
  const auto filter = defense.fit(context);
  const auto scores = filter->scores(clean, silent_progress());
  const auto triggered = filter->scores(with_trigger(clean), silent_progress());
  EXPECT_GT(auroc(triggered, scores), 0.6);
  EXPECT_LE(*std::ranges::max_element(triggered), 0);
  EXPECT_FALSE(filter->cleaned(clean, 0, silent_progress())) << "it rejects";
}

TEST(StripTest, AScoreIsOfTheSampleAlone) {
  const std::vector<Example> examples = toy_functions(70, Rng(1));
  CodeModel victim = toy_victim(examples, Rng(2));
  const ToyTask task;
  DefenseContext context{victim, TaskView(task), examples, {}, Rng(3), silent_progress()};
  const auto filter = Strip({.copies = 3}).fit(context);
  const auto together = filter->scores(examples, silent_progress());
  for (const std::size_t i : {std::size_t{0}, std::size_t{69}}) {
    EXPECT_NEAR(filter->scores({examples[i]}, silent_progress())[0], together[i], 1e-6);
  }
}

}  // namespace
}  // namespace ncmlab
