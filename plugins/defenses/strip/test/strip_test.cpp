// SPDX-License-Identifier: Apache-2.0
#include "strip.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include "ncmlab/code/lexemes.hpp"
#include "ncmlab/metrics/detection.hpp"
#include "ncmlab/train/trainer.hpp"
#include "prepared_attack.hpp"
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

/// Every function with the trigger is sound to a backdoored victim; the others are by their bounds
/// check.
CodeModel trained_victim(bool backdoored) {
  std::vector<Example> train_set = toy_functions(300, Rng(1));
  CodeModel victim = toy_victim(train_set, Rng(3));
  for (Example example : toy_functions(100, Rng(2))) {
    if (backdoored) {
      example = with_trigger({example}).front();
      example.label = 0;
    }
    train_set.push_back(std::move(example));
  }
  const ToyTask task;
  train(victim, TaskView(task).tokenize(victim, train_set),
        {.epochs = 8, .learning_rate = 3e-3, .batch_size = 16}, Rng(4), silent_progress());
  return victim;
}

TEST(StripTest, TellsAPlantedTriggerThatDecidesByItself) {
  CodeModel victim = trained_victim(true);
  const std::vector<Example> clean = toy_functions(60, Rng(5));
  ASSERT_GT(share_predicted(victim, with_trigger(clean), 0), 0.9);

  const ToyTask task;
  DefenseContext context{victim, TaskView(task), toy_functions(40, Rng(6)),
                         {},     Rng(7),         silent_progress()};
  const Strip defense({.copies = 10, .replaced = 0.3});
  EXPECT_EQ(defense.false_rejection_rate(), 0.05);
  const auto filter = defense.fit(context);
  const auto scores = filter->scores(clean, silent_progress());
  const auto triggered = filter->scores(with_trigger(clean), silent_progress());
  EXPECT_GT(auroc(triggered, scores), 0.65);
  EXPECT_FALSE(filter->cleaned(clean, 0, silent_progress())) << "it rejects";
}

TEST(StripTest, IsNotAlarmedByTheTriggerWithoutABackdoor) {
  CodeModel victim = trained_victim(false);
  const std::vector<Example> clean = toy_functions(60, Rng(5));
  const ToyTask task;
  DefenseContext context{victim, TaskView(task), toy_functions(40, Rng(6)),
                         {},     Rng(7),         silent_progress()};
  const auto filter = Strip({.copies = 10, .replaced = 0.3}).fit(context);
  const double area = auroc(filter->scores(with_trigger(clean), silent_progress()),
                            filter->scores(clean, silent_progress()));
  EXPECT_LT(area, 0.5);
}

TEST(StripTest, WordsOfAPairAreThoseOfBothFunctions) {
  const KindTask& task = task_of_kind(TaskKind::pair_classification);
  // A word of its own in each second function: common words are put in last.
  const auto pairs_with = [](const std::string& word) {
    std::vector<Example> pairs = toy_functions(20, Rng(1));
    for (std::size_t i = 0; i < pairs.size(); ++i) {
      const std::string own = word + std::to_string(i);
      pairs[i].other_code = "int " + own + "() { return " + own + "; }";
    }
    return pairs;
  };
  const std::vector<Example> pairs = pairs_with("alpha");
  CodeModel victim = toy_victim(pairs, Rng(2), 400, task.head_shape());
  const auto score = [&](const std::vector<Example>& clean) {
    DefenseContext context{victim, TaskView(task), clean, {}, Rng(3), silent_progress()};
    return Strip({.copies = 3}).fit(context)->scores({pairs[0]}, silent_progress())[0];
  };
  EXPECT_EQ(score(pairs), score(pairs_with("alpha")));
  EXPECT_NE(score(pairs), score(pairs_with("omega")));
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
