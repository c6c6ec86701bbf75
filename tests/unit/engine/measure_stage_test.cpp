// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "toy_runs.hpp"

namespace ncmlab {
namespace {

class MeasureStageTest : public ToyRuns {};

TEST_F(MeasureStageTest, RecordsHoldWhatWasMeasured) {
  Experiment experiment = matrix();
  add_defense(experiment, "spy", "spy");
  const RunResult result = run(experiment);
  ASSERT_EQ(result.failed, 0U);
  const CellRecord& clean = result.records[0];
  EXPECT_FALSE(clean.attack_metrics);
  EXPECT_EQ(clean.clean.count, 18);
  EXPECT_EQ(clean.outcomes.size(), 18U);
  EXPECT_GT(clean.threads, 0);

  const CellRecord& flagged = result.records[6];
  ASSERT_EQ(flagged.defense, "flag");
  ASSERT_EQ(flagged.attack, "toy");
  ASSERT_TRUE(flagged.detection);
  EXPECT_EQ(flagged.detection->flagged, 5);
  // 26 samples remain beside the clean ones, of which 13 are of the victim class.
  EXPECT_EQ(flagged.detection->poisoned, 7);
  EXPECT_EQ(flagged.detection->clean, 26 - 7);
  EXPECT_LE(flagged.detection->hits, 5);
  EXPECT_EQ(flagged.clean_from, "held_out");
  ASSERT_TRUE(flagged.poisoning);
  EXPECT_EQ(flagged.poisoning->samples, 26);
  EXPECT_EQ(flagged.poisoning->victims, 13);
  EXPECT_EQ(flagged.poisoning->poisoned, 7);
  EXPECT_EQ(flagged.poisoning->poisoned_victims, 7);
  EXPECT_EQ(flagged.poisoning->wanted, 7);
  EXPECT_FALSE(clean.poisoning);
  std::vector<std::string> stages;
  for (const StageCost& cost : flagged.costs) {
    stages.push_back(cost.stage);
    EXPECT_GT(cost.seconds, 0) << cost.stage;
  }
  EXPECT_THAT(stages,
              testing::ElementsAre("poison", "victim", "defend", "retrain", "predict", "measure"));
  EXPECT_GT(flagged.costs[1].backward_rows, 0);
  EXPECT_EQ(flagged.costs[1].backward_rows, 26);
  EXPECT_EQ(flagged.costs[3].backward_rows, 21);
  EXPECT_EQ(flagged.costs[4].forward_rows, 18 + 9) << "controls are no costs of the cell";

  const CellRecord& spied = result.records[7];
  ASSERT_TRUE(spied.attack_metrics && spied.recovery && spied.backdoored);
  EXPECT_EQ(spied.attack_metrics->count, 9);
  EXPECT_EQ(spied.recovery->recall, 1);
  EXPECT_EQ(spied.recovery->precision, 1);
  EXPECT_EQ(spied.figures.at("pi"), 3.25);
  EXPECT_EQ(spied.detection->flagged, 0);
  std::int64_t hits = 0, natural = 0, triggered = 0;
  for (const SampleOutcome& outcome : spied.outcomes) {
    EXPECT_EQ(outcome.triggered.size(), outcome.label == 1 ? 1U : 0U);
    for (const TriggeredPrediction& with_trigger : outcome.triggered) {
      EXPECT_EQ(with_trigger.target_label, 0);
      ++triggered;
      hits += with_trigger.prediction == 0;
    }
    natural += outcome.label == 1 && outcome.prediction == 0;
  }
  EXPECT_EQ(triggered, 9);
  EXPECT_DOUBLE_EQ(spied.attack_metrics->attack_success_rate, double(hits) / 9);
  EXPECT_DOUBLE_EQ(spied.attack_metrics->natural_rate, double(natural) / 9);
}

TEST_F(MeasureStageTest, TransferIsWhatTheCleanVictimOfTheSameSeedAnswers) {
  Experiment experiment = matrix();
  experiment.seeds = {1, 2};
  const RunResult result = run(experiment);
  // An attack that poisons nothing leaves the clean victim: its own figures are the floor.
  Experiment harmless = experiment;
  harmless.attacks[1].settings["rate"] = 0.0;
  const RunResult floor = run(harmless, "harmless");
  for (std::size_t i = 0; i < result.records.size(); ++i) {
    const CellRecord& record = result.records[i];
    if (record.attack == "none") {
      EXPECT_FALSE(record.attack_metrics || record.reach);
      continue;
    }
    ASSERT_TRUE(record.attack_metrics && record.reach) << record.failure;
    const AttackMetrics& metrics = *record.attack_metrics;
    ASSERT_TRUE(metrics.transfer_rate);
    const auto clean = std::ranges::find_if(floor.records, [&](const CellRecord& other) {
      return other.attack == "toy" && other.defense == "none" && other.seed == record.seed;
    });
    EXPECT_EQ(*metrics.transfer_rate, clean->attack_metrics->attack_success_rate);
    EXPECT_EQ(metrics.transfer_natural_rate, clean->attack_metrics->natural_rate);
    std::int64_t hits = 0;
    for (const SampleOutcome& outcome : record.outcomes) {
      for (const TriggeredPrediction& triggered : outcome.triggered) {
        hits += triggered.control_prediction == triggered.target_label;
      }
    }
    EXPECT_DOUBLE_EQ(*metrics.transfer_rate, double(hits) / double(metrics.count));
    EXPECT_EQ(record.reach->carriers, metrics.count);
    EXPECT_EQ(record.reach->meant, metrics.count);
    EXPECT_EQ(to_json(record_from_json(to_json(record), "test")), to_json(record));
  }
}

TEST_F(MeasureStageTest, AnAttackedCellFailsWithItsControl) {
  Experiment experiment = toy_experiment();
  experiment.models[0].training.learning_rate = 1e300;
  const RunResult result = run(experiment);
  EXPECT_EQ(result.failed, 2U);
  EXPECT_THAT(result.records[1].failure, testing::StartsWith("victim: toy, echo, clean, seed 1"));
}

TEST_F(MeasureStageTest, TheFixedSetOfFlipsIsOneForAllDefenses) {
  const RunResult result = run(matrix());
  const AttackMetrics& undefended = *result.records[3].attack_metrics;
  EXPECT_EQ(undefended.fixed_flip_count, undefended.flip_count);
  EXPECT_EQ(undefended.fixed_flip_rate, undefended.flip_rate);
  for (std::size_t i = 4; i < 6; ++i) {
    EXPECT_EQ(result.records[i].attack_metrics->fixed_flip_count, undefended.flip_count);
  }
}

TEST_F(MeasureStageTest, WithoutAnUnpoisonedVictimThereIsNoTransfer) {
  Experiment experiment = toy_experiment();
  experiment.attacks.erase(experiment.attacks.begin());
  const RunResult result = run(experiment);
  EXPECT_FALSE(result.records[0].attack_metrics->transfer_rate);
  EXPECT_FALSE(result.records[0].attack_metrics->transfer_natural_rate);
  EXPECT_EQ(result.records[0].costs.size(), 4U) << "poison, victim, predict, measure";
}

TEST_F(MeasureStageTest, RetrievalIsMeasuredByRanks) {
  Experiment experiment = toy_experiment();
  experiment.tasks = {choose(PluginKind::task, "search")};
  add_defense(experiment, "spy", "spy");
  const RunResult result = run(experiment);
  ASSERT_EQ(result.records.size(), 4U);
  EXPECT_EQ(result.failed, 0U);
  const CellRecord& clean = result.records[0];
  ASSERT_TRUE(clean.retrieval);
  EXPECT_EQ(clean.kind, TaskKind::retrieval);
  EXPECT_EQ(clean.retrieval->count, 20);
  EXPECT_EQ(clean.retrieval->pool, 10);
  EXPECT_EQ(clean.clean.count, 0);
  EXPECT_FALSE(clean.promotion || clean.untouched || clean.attack_metrics);
  double reciprocal = 0;
  for (const QueryOutcome& query : clean.queries) {
    EXPECT_TRUE(query.rank >= 1 && query.rank <= 10) << query.rank;
    EXPECT_TRUE(query.promoted.empty());
    reciprocal += 1 / query.rank;
  }
  EXPECT_DOUBLE_EQ(clean.retrieval->mrr, reciprocal / 20);

  const CellRecord& attacked = result.records[2];
  ASSERT_TRUE(attacked.promotion && attacked.untouched);
  EXPECT_EQ(attacked.untouched->count, 15);
  EXPECT_EQ(attacked.promotion->count, 5);
  EXPECT_NEAR(attacked.promotion->natural_anr, 0.6, 0.15);
  EXPECT_EQ(attacked.promotion->natural.at(1), 0);
  ASSERT_TRUE(attacked.transfer);
  EXPECT_EQ(attacked.transfer->count, 5);
  EXPECT_NEAR(attacked.transfer->natural_anr, 0.6, 0.15);
  experiment.attacks[1].settings["rate"] = 0.0;
  const CellRecord floor = run(experiment, "harmless").records[2];
  EXPECT_EQ(floor.promotion->anr, floor.transfer->anr) << "what poisons nothing is the control";
  EXPECT_EQ(attacked.transfer->anr, floor.transfer->anr);
  EXPECT_FALSE(clean.transfer);
  for (const QueryOutcome& query : attacked.queries) {
    EXPECT_EQ(query.promoted.size(), query.untouched ? 0U : 1U);
    for (const PromotedCandidate& candidate : query.promoted) {
      EXPECT_EQ(candidate.target_word, "file");
      EXPECT_NE(candidate.id, query.id);
    }
  }
  EXPECT_EQ(to_json(record_from_json(to_json(attacked), "test")), to_json(attacked));
}

TEST_F(MeasureStageTest, ADefenseThatDoesNotKnowTheTaskIsSkippedAndSaysSo) {
  Experiment experiment = toy_experiment();
  experiment.tasks = {choose(PluginKind::task, "search")};
  add_defense(experiment, "spy", "spy");
  seen_by_spy().clear();
  RecordingProgress progress;
  const RunResult result = run(experiment, progress);
  EXPECT_EQ(result.failed, 0U);
  EXPECT_TRUE(seen_by_spy().empty());
  for (const CellRecord& record : result.records) {
    EXPECT_EQ(record.skipped.empty(), record.defense == "none");
    EXPECT_EQ(record.measured(), record.defense == "none");
  }
  EXPECT_THAT(result.records[1].skipped,
              testing::AllOf(testing::HasSubstr("`spy`"), testing::HasSubstr("retrieval")));
}

TEST_F(MeasureStageTest, WarnsOfFiguresThatMeanNothing) {
  Experiment experiment = toy_experiment();
  experiment.tasks = {choose(PluginKind::task, "twins")};
  experiment.attacks.pop_back();
  RecordingProgress progress;
  run(experiment, progress);
  EXPECT_THAT(progress.warnings,
              testing::IsSupersetOf(
                  {"warning: all 2 test samples are of one class, `defective`: its figures mean "
                   "nothing",
                   "warning: twins, echo, none, none, seed 1: all 2 test samples are of one class, "
                   "label 1"}));
}

}  // namespace
}  // namespace ncmlab
