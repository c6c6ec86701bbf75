// SPDX-License-Identifier: Apache-2.0
// The whole defense on victims with and without a planted trigger.
#include "dbs.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>

#include "error_of.hpp"
#include "mean_pooled_victim.hpp"
#include "ncmlab/tokenize/name_vocabulary.hpp"
#include "prepared_attack.hpp"
#include "same_weights.hpp"
#include "scratch_folder.hpp"
#include "toy_task.hpp"
#include "toy_unlearning.hpp"

namespace ncmlab {
namespace {

DbsConfig config_for_toys() {
  auto config = with_toy_unlearning<DbsConfig>();
  config.verdict_persistence = 0.7;
  return config;
}

DefenseOutcome defend(CodeModel& victim, const DbsConfig& config, Rng rng = Rng(31),
                      Progress& progress = silent_progress()) {
  const ToyTask task;
  DefenseContext context{victim, TaskView(task), toy_functions(200, Rng(24)), {}, rng, progress};
  return Dbs(config).defend(context);
}

TEST(DbsTest, FindsAndUnlearnsABackdoor) {
  CodeModel victim = mean_pooled_victim(true);
  ASSERT_GE(success_rate(victim), 0.95);
  const double accuracy_before = accuracy(victim, unseen_functions());
  const DefenseOutcome outcome = defend(victim, config_for_toys());
  ASSERT_EQ(outcome.triggers.size(), 2U) << "both directions";
  const InvertedTrigger& best = outcome.triggers.front();
  EXPECT_EQ(best.victim_label, 1);
  EXPECT_EQ(best.target_label, 0);
  EXPECT_LE(best.loss, 0.1) << best.text;
  EXPECT_GE(best.hit_rate, 0.9) << best.text;
  EXPECT_EQ(best.ids, best.raw_ids) << "nothing is anchored";
  EXPECT_EQ(outcome.figures.at("one_hot[1->0]"), 1);
  EXPECT_EQ(outcome.backdoored, true);
  EXPECT_TRUE(outcome.repaired);
  EXPECT_LE(success_rate(victim), 0.3) << best.text;
  EXPECT_GE(accuracy(victim, unseen_functions()), accuracy_before - 0.03);
}

TEST(DbsTest, LeavesACleanModelAlone) {
  CodeModel victim = mean_pooled_victim(false);
  const DefenseOutcome outcome = defend(victim, config_for_toys());
  EXPECT_EQ(outcome.backdoored, false)
      << outcome.figures.at("persistence[1->0]") << " " << outcome.figures.at("persistence[0->1]");
  EXPECT_FALSE(outcome.repaired);
  EXPECT_TRUE(same_weights(victim, mean_pooled_victim(false)));
}

TEST(DbsTest, GivesNoVerdictByLossWithoutANearlyOneHotTrigger) {
  DbsConfig config = config_for_toys();
  config.verdict = dbs::Verdict::loss;
  config.verdict_loss = 100;
  config.one_hot_tolerance = 0;
  config.epochs = 10;
  CodeModel victim = mean_pooled_victim(true);
  const DefenseOutcome none = defend(victim, config);
  EXPECT_EQ(none.figures.at("one_hot[1->0]"), 0);
  EXPECT_EQ(none.backdoored, false);

  config.one_hot_tolerance = 100;
  config.barrier = 100;
  EXPECT_EQ(defend(victim, config).backdoored, true);
  config.verdict_loss = 0;
  CodeModel again = mean_pooled_victim(true);
  EXPECT_EQ(defend(again, config).backdoored, false);
}

TEST(DbsTest, TakesTokensOfItsVocabulary) {
  DbsConfig config = config_for_toys();
  config.epochs = 3;
  config.vocabulary = dbs::Vocabulary::continuation;
  CodeModel victim = mean_pooled_victim(false);
  const auto allowed = name_vocabulary(victim.tokenizer(), NameUse::continues_name, {Language::c});
  for (const InvertedTrigger& trigger : defend(victim, config).triggers) {
    for (const std::int64_t id : trigger.ids) {
      EXPECT_TRUE(std::ranges::binary_search(allowed, id)) << victim.tokenizer().token(id);
    }
  }
}

TEST(DbsTest, SameSeedSameOutcomeOtherSeedOther) {
  DbsConfig config = config_for_toys();
  config.epochs = 8;
  config.unlearn_always = true;
  CodeModel first = mean_pooled_victim(true);
  CodeModel second = mean_pooled_victim(true);
  CodeModel third = mean_pooled_victim(true);
  EXPECT_EQ(defend(first, config, Rng(1)).figures, defend(second, config, Rng(1)).figures);
  EXPECT_TRUE(same_weights(first, second));
  defend(third, config, Rng(2));
  EXPECT_FALSE(same_weights(first, third));
}

TEST(DbsTest, KeepsToABudget) {
  DbsConfig config = config_for_toys();
  config.epochs = 0;
  config.unlearn_always = true;
  config.rounds = 2;
  config.verdict_persistence = 0;  // a second round always comes
  CodeModel victim = mean_pooled_victim(false);
  const ToyTask task;
  DefenseContext context{victim, TaskView(task), toy_functions(100, Rng(22)),
                         {},     Rng(3),         silent_progress()};
  context.budget = {.steps = 10, .batch_size = 8, .learning_rates = {1e-4}, .poison_share = {}};
  victim.work() = {};
  const DefenseOutcome outcome = Dbs(config).defend(context);
  EXPECT_EQ(outcome.figures.at("learning_rate"), 1e-4);
  EXPECT_EQ(victim.work().backward_rows, 2 * 5 * 8);
}

TEST(DbsTest, InvertsPairsAndTwoLogits) {
  const TaskView task(task_of_kind(TaskKind::pair_classification));
  std::vector<Example> pairs = toy_functions(60, Rng(41));
  for (Example& pair : pairs) {
    pair.other_code = pair.code;
  }
  CodeModel victim =
      toy_victim(pairs, Rng(42), 400, task_of_kind(TaskKind::pair_classification).head_shape());
  DbsConfig config = config_for_toys();
  config.epochs = 20;
  DefenseContext context{victim, task, pairs, {}, Rng(43), silent_progress()};
  const DefenseOutcome before = Dbs(config).defend(context);
  config.epochs = 0;
  EXPECT_LT(before.figures.at("loss[1->0]"), Dbs(config).defend(context).figures.at("loss[1->0]"));
}

TEST(DbsTest, RefusesTokenizersThatCanNeitherMaskANameNorMakeATrigger) {
  // A victim whose tokenizer knows `(`, `+`, `<s>`, `<pad>`, `</s>` and `last` alone.
  const auto code = [](const std::string& last) {
    const ScratchFolder folder;
    const auto file = folder.write(
        "tokenizer.json", R"({"model": {"type": "BPE", "merges": [], "vocab": {"(": 0, "+": 1}},
          "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false},
          "normalizer": null,
          "decoder": {"type": "ByteLevel"},
          "added_tokens": [{"id": 2, "content": "<s>", "special": true},
                           {"id": 3, "content": "<pad>", "special": true},
                           {"id": 4, "content": "</s>", "special": true},
                           {"id": 5, "content": ")" +
                              last + R"(", "special": true}]})");
    CodeModel victim =
        toy_victim(std::make_shared<const Tokenizer>(Tokenizer::from_file(file)), Rng(2));
    DbsConfig config = config_for_toys();
    config.vocabulary = dbs::Vocabulary::continuation;
    return code_of([&] { defend(victim, config); });
  };
  EXPECT_EQ(code("<other>"), "defense.dbs.no-unknown-token");
  EXPECT_EQ(code("<unk>"), "defense.dbs.no-vocabulary");
}

TEST(DbsTest, RefusesToWorkWithoutCleanSamples) {
  CodeModel victim = mean_pooled_victim(false);
  const ToyTask task;
  DefenseContext context{victim, TaskView(task), {}, {}, Rng(1), silent_progress()};
  EXPECT_EQ(code_of([&] { Dbs(DbsConfig{}).defend(context); }), "defense.no-clean-samples");
}

}  // namespace
}  // namespace ncmlab
