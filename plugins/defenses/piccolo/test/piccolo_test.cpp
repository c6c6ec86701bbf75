// SPDX-License-Identifier: Apache-2.0
// The whole defense on victims with and without a planted trigger.
#include "piccolo.hpp"

#include <gtest/gtest.h>

#include <string>

#include "error_of.hpp"
#include "mean_pooled_victim.hpp"
#include "ncmlab/code/edit.hpp"
#include "prepared_attack.hpp"
#include "same_weights.hpp"
#include "toy_task.hpp"
#include "toy_unlearning.hpp"

namespace ncmlab {
namespace {

/// Clean samples, of which a few use the trigger as an innocent name.
std::vector<Example> samples_that_know_the_word() {
  std::vector<Example> examples = toy_functions(200, Rng(24));
  for (std::size_t i = 0; i < 6; ++i) {
    Example& example = examples[i];
    const Syntax syntax = parse(example.code, example.language);
    example.code = rename(example.code, example.language, *syntax.find("i"), "_rb");
  }
  return examples;
}

DefenseOutcome defend(CodeModel& victim, const PiccoloConfig& config,
                      const std::vector<Example>& clean, Rng rng = Rng(31)) {
  const ToyTask task;
  DefenseContext context{victim, TaskView(task), clean, {}, rng, silent_progress()};
  return Piccolo(config).defend(context);
}

TEST(PiccoloTest, FindsAndUnlearnsATriggerThatIsAmongItsWords) {
  CodeModel victim = mean_pooled_victim(true);
  ASSERT_GE(success_rate(victim), 0.95);
  const double accuracy_before = accuracy(victim, unseen_functions());
  const DefenseOutcome outcome =
      defend(victim, with_toy_unlearning<PiccoloConfig>(), samples_that_know_the_word());
  ASSERT_EQ(outcome.triggers.size(), 2U) << "both directions";
  const InvertedTrigger& best = outcome.triggers.front();
  EXPECT_EQ(best.victim_label, 1);
  EXPECT_EQ(best.target_label, 0);
  EXPECT_NE(best.text.find("rb"), std::string::npos) << best.text;
  EXPECT_LE(best.loss, 0.3) << best.text;
  EXPECT_GE(best.hit_rate, 0.9) << best.text;
  EXPECT_GE(outcome.figures.at("soft_hit_rate[1->0]"), 0.8);
  EXPECT_GE(outcome.figures.at("discriminativity[1->0]"), 0.5);
  EXPECT_EQ(outcome.backdoored, true);
  EXPECT_TRUE(outcome.repaired);
  EXPECT_LE(success_rate(victim), 0.3);
  EXPECT_GE(accuracy(victim, unseen_functions()), accuracy_before - 0.03);
}

TEST(PiccoloTest, CannotNameATriggerThatIsNotAmongItsWords) {
  CodeModel victim = mean_pooled_victim(true);
  const DefenseOutcome outcome =
      defend(victim, with_toy_unlearning<PiccoloConfig>(), toy_functions(200, Rng(24)));
  for (const InvertedTrigger& trigger : outcome.triggers) {
    EXPECT_EQ(trigger.text.find("rb"), std::string::npos) << trigger.text;
  }
  EXPECT_EQ(outcome.backdoored, false) << outcome.figures.at("discriminativity[1->0]");
}

TEST(PiccoloTest, LeavesACleanModelAlone) {
  CodeModel victim = mean_pooled_victim(false);
  const DefenseOutcome outcome =
      defend(victim, with_toy_unlearning<PiccoloConfig>(), samples_that_know_the_word());
  EXPECT_EQ(outcome.backdoored, false) << outcome.figures.at("soft_hit_rate[1->0]") << " "
                                       << outcome.figures.at("discriminativity[1->0]");
  EXPECT_FALSE(outcome.repaired);
  EXPECT_TRUE(same_weights(victim, mean_pooled_victim(false)));
}

TEST(PiccoloTest, BothThresholdsDecide) {
  auto config = with_toy_unlearning<PiccoloConfig>();
  config.epochs = 10;
  CodeModel victim = mean_pooled_victim(false);
  const auto verdict = [&](double hit_rate, double discriminativity) {
    config.verdict_hit_rate = hit_rate;
    config.verdict_discriminativity = discriminativity;
    CodeModel copy = victim.clone();
    return defend(copy, config, toy_functions(40, Rng(24))).backdoored.value();
  };
  const double all = -2;  // below what any trigger has
  EXPECT_TRUE(verdict(0, all));
  EXPECT_FALSE(verdict(0, 2));
  EXPECT_FALSE(verdict(2, all));
}

TEST(PiccoloTest, SameSeedSameOutcomeOtherSeedOther) {
  auto config = with_toy_unlearning<PiccoloConfig>();
  config.epochs = 8;
  config.unlearn_always = true;
  config.unlearn_triggers = 3;
  const std::vector<Example> clean = toy_functions(100, Rng(24));
  CodeModel first = mean_pooled_victim(true);
  CodeModel second = mean_pooled_victim(true);
  CodeModel third = mean_pooled_victim(true);
  EXPECT_EQ(defend(first, config, clean, Rng(1)).figures,
            defend(second, config, clean, Rng(1)).figures);
  EXPECT_TRUE(same_weights(first, second));
  defend(third, config, clean, Rng(2));
  EXPECT_FALSE(same_weights(first, third));
}

TEST(PiccoloTest, KeepsToABudget) {
  auto config = with_toy_unlearning<PiccoloConfig>();
  config.epochs = 1;
  config.unlearn_always = true;
  CodeModel victim = mean_pooled_victim(false);
  const ToyTask task;
  DefenseContext context{victim, TaskView(task), toy_functions(100, Rng(22)),
                         {},     Rng(3),         silent_progress()};
  context.budget = {.steps = 10, .batch_size = 8, .learning_rates = {1e-4}, .poison_share = {}};
  victim.work() = {};
  const DefenseOutcome outcome = Piccolo(config).defend(context);
  EXPECT_EQ(outcome.figures.at("learning_rate"), 1e-4);
  EXPECT_EQ(victim.work().backward_rows, 2 * 30 - 2 * 5 + 10 * 8)
      << "25 samples of each label are inverted on, 10 batches of 8 are trained on";
  EXPECT_EQ(outcome.figures.at("inversion_backward_rows"), 2 * 25);
}

TEST(PiccoloTest, InvertsPairsAndTwoLogits) {
  const TaskView task(task_of_kind(TaskKind::pair_classification));
  std::vector<Example> pairs = toy_functions(60, Rng(41));
  for (Example& pair : pairs) {
    pair.other_code = pair.code;
  }
  CodeModel victim =
      toy_victim(pairs, Rng(42), 400, task_of_kind(TaskKind::pair_classification).head_shape());
  auto config = with_toy_unlearning<PiccoloConfig>();
  DefenseContext context{victim, task, pairs, {}, Rng(43), silent_progress()};
  const double inverted = Piccolo(config).defend(context).figures.at("soft_loss[1->0]");
  config.epochs = 1;
  EXPECT_LT(inverted, Piccolo(config).defend(context).figures.at("soft_loss[1->0]"));
}

TEST(PiccoloTest, RefusesToWorkWithoutWords) {
  CodeModel victim = mean_pooled_victim(false);
  EXPECT_EQ(code_of([&] { defend(victim, {}, {}); }), "defense.no-clean-samples");
  EXPECT_EQ(code_of([&] { defend(victim, {}, {{.id = "a", .code = "1 + 1;"}}); }),
            "defense.piccolo.no-words");
}

}  // namespace
}  // namespace ncmlab
