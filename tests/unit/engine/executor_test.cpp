// SPDX-License-Identifier: Apache-2.0
#include "engine/executor.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "engine/stages.hpp"
#include "ncmlab/core/diagnostic.hpp"
#include "ncmlab/core/hash.hpp"
#include "scratch_folder.hpp"
#include "toy_experiment.hpp"

namespace ncmlab {
namespace {

using testing::HasSubstr;

class ExecutorTest : public testing::Test {
 protected:
  void SetUp() override { seen_by_spy().clear(); }

  RunResult run(const Experiment& experiment, RunProgress& progress,
                const std::string& store_name = "store") {
    Store store(scratch_.path() / store_name);
    return run_plan(make_plan(experiment, toy_catalogue()), store, folder(store_name), progress);
  }
  RunResult run(const Experiment& experiment, const std::string& store_name = "store") {
    RunProgress silent;
    return run(experiment, silent, store_name);
  }
  std::filesystem::path folder(const std::string& store_name) const {
    return scratch_.path() / store_name / "runs" / "toys";
  }
  StoredObject object(const Experiment& experiment, std::size_t Cell::*stage, std::size_t cell) {
    const Plan plan = make_plan(experiment, toy_catalogue());
    Store store(scratch_.path() / "store");
    return store.open(plan.stages[plan.cells[cell].*stage].key, [](std::string_view) {}).value();
  }
  static Experiment matrix() {
    Experiment experiment = toy_experiment();
    add_defense(experiment, "repair", "toy", {{"repair", true}});
    add_defense(experiment, "flag", "toy", {{"flag", std::int64_t{5}}});
    return experiment;
  }

  ScratchFolder scratch_;
};

TEST_F(ExecutorTest, RunsEachSharedStageOnceAndNothingTwice) {
  Experiment experiment = matrix();
  experiment.seeds = {1, 2};
  RecordingProgress first;
  const RunResult result = run(experiment, first);
  EXPECT_EQ(result.failed, 0U) << result.records[0].failure;
  const std::map<std::string, int> expected = {
      {"poison", 2}, {"victim", 4}, {"defend", 12}, {"retrain", 4}, {"measure", 12}};
  EXPECT_EQ(first.count, expected);
  EXPECT_EQ(first.overrun, "");
  EXPECT_EQ(first.dropped, 0) << "every defense that is given the training set flags samples";

  RecordingProgress second;
  const RunResult again = run(experiment, second);
  EXPECT_TRUE(second.titles.empty());
  ASSERT_EQ(again.records.size(), result.records.size());
  for (std::size_t i = 0; i < again.records.size(); ++i) {
    EXPECT_EQ(to_json(again.records[i]), to_json(result.records[i]));
  }
}

TEST_F(ExecutorTest, TrainsTheSurrogateOnCleanDataWithASeedOfItsOwn) {
  Experiment experiment = toy_experiment();
  experiment.attacks.push_back(AttackChoice{choose(PluginKind::attack, "led")});
  experiment.attacks.push_back(AttackChoice{choose(PluginKind::attack, "led", {}, "again")});
  experiment.attacks.back().victim_label = "clean";
  experiment.attacks.back().target_label = "defective";
  seen_by_led().clear();
  RecordingProgress progress;
  const RunResult result = run(experiment, progress);
  EXPECT_EQ(result.failed, 0U) << result.records.back().failure;
  EXPECT_EQ(progress.count["surrogate"], 1) << "both attacks ask for the same one";
  EXPECT_EQ(progress.overrun, "");
  ASSERT_FALSE(seen_by_led().empty());
  const Plan plan = make_plan(experiment, toy_catalogue());
  Store store(scratch_.path() / "store");
  const auto sum_of = [&](std::size_t stage) {
    const auto object = store.open(plan.stages[stage].key, [](std::string_view) {}).value();
    return embedding_sum(read_victim(plan, plan.cells[0], object.folder));
  };
  EXPECT_EQ(seen_by_led().front(), sum_of(plan.cells.back().surrogate.value()));
  EXPECT_NE(seen_by_led().front(), sum_of(plan.cells.front().victim))
      << "the clean victim has the same settings, but another seed";
  EXPECT_EQ(result.records.back().costs.front().stage, "surrogate");
  EXPECT_FALSE(plan.cells[1].surrogate) << "attack toy asks for none";

  seen_by_led().clear();
  for (const Cell& cell : plan.cells) {
    if (cell.surrogate) {
      store.remove(plan.stages[*cell.poison].key);
      store.remove(plan.stages[cell.measure].key);
    }
  }
  RecordingProgress resumed;
  const RunResult again = run(experiment, resumed);
  EXPECT_EQ(resumed.count["surrogate"], 0);
  EXPECT_EQ(without_seconds(again.records), without_seconds(result.records));
}

TEST_F(ExecutorTest, LogsWhatTheTaskWarnsAboutOnce) {
  Experiment experiment = toy_experiment();
  RecordingProgress silent;
  run(experiment, silent, "without");
  EXPECT_THAT(silent.warnings, testing::Not(testing::Contains(HasSubstr("nothing is read"))));
  experiment.tasks = {choose(PluginKind::task, "toy", {{"folder", std::string(".")}})};
  RecordingProgress progress;
  run(experiment, progress, "with");
  EXPECT_EQ(std::ranges::count(progress.warnings, "warning: nothing is read from `.`"), 1);
}

TEST_F(ExecutorTest, ARunThatWasStoppedAnywhereEndsWithTheSameRecords) {
  const Experiment experiment = matrix();
  const RunResult whole = run(experiment, "whole");
  for (const std::size_t stop_after : {0, 1, 2, 3, 5, 8}) {
    const std::string store = "stopped" + std::to_string(stop_after);
    RecordingProgress stopping(stop_after);
    EXPECT_THROW(run(experiment, stopping, store), Cancelled);
    RecordingProgress rest;
    const RunResult resumed = run(experiment, rest, store);
    EXPECT_EQ(without_seconds(resumed.records), without_seconds(whole.records)) << stop_after;
  }
}

TEST_F(ExecutorTest, ACellAloneGivesTheRecordThatItGivesInAMatrix) {
  const RunResult whole = run(matrix(), "whole");
  Experiment alone = matrix();
  alone.attacks.erase(alone.attacks.begin());
  alone.defenses.erase(alone.defenses.begin(), alone.defenses.begin() + 2);
  const RunResult result = run(alone, "alone");
  ASSERT_EQ(result.records.size(), 1U);
  EXPECT_EQ(without_seconds(result.records)[0], without_seconds(whole.records).back());
}

TEST_F(ExecutorTest, RecordsHoldWhatWasMeasured) {
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
  EXPECT_THAT(stages, testing::ElementsAre("poison", "victim", "defend", "retrain", "measure"));
  EXPECT_GT(flagged.costs[1].backward_rows, 0);
  EXPECT_EQ(flagged.costs[1].backward_rows, 26);
  EXPECT_EQ(flagged.costs[3].backward_rows, 21);
  EXPECT_EQ(flagged.costs[4].forward_rows, 18 + 9);

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

TEST_F(ExecutorTest, RetrievalIsMeasuredByRanks) {
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
  for (const QueryOutcome& query : attacked.queries) {
    EXPECT_EQ(query.promoted.size(), query.untouched ? 0U : 1U);
    for (const PromotedCandidate& candidate : query.promoted) {
      EXPECT_EQ(candidate.target_word, "file");
      EXPECT_NE(candidate.id, query.id);
    }
  }
  EXPECT_EQ(to_json(record_from_json(to_json(attacked), "test")), to_json(attacked));
}

TEST_F(ExecutorTest, ADefenseThatDoesNotKnowTheTaskIsSkippedAndSaysSo) {
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

TEST_F(ExecutorTest, WritesTheRecordOfEachCell) {
  const Experiment experiment = toy_experiment();
  const Plan plan = make_plan(experiment, toy_catalogue());
  write_index(folder("store"), index_of(plan, ""));
  const RunResult result = run(experiment);
  EXPECT_EQ(without_seconds(read_records(folder("store"))), without_seconds(result.records));
}

TEST_F(ExecutorTest, AFailureCostsItsCellsOnlyAndIsTriedAgain) {
  Experiment experiment = toy_experiment();
  add_defense(experiment, "failing", "toy", {{"fail", true}});
  add_defense(experiment, "repair", "toy", {{"repair", true}});
  const RunResult result = run(experiment);
  EXPECT_EQ(result.failed, 2U);
  for (const CellRecord& record : result.records) {
    EXPECT_EQ(!record.failure.empty(), record.defense == "failing");
  }
  EXPECT_THAT(
      result.records[1].failure,
      testing::AllOf(testing::StartsWith("defend: toy, echo, none, failing, seed 1: defense `toy` "
                                         "threw an exception in `defend`: the toy defense was told "
                                         "to fail [plugin.threw; loaded from "),
                     HasSubstr("libncmlab_defense_toy.so]")));
  RecordingProgress again;
  run(experiment, again);
  EXPECT_THAT(again.titles, testing::ElementsAre("defend: toy, echo, none, failing, seed 1",
                                                 "defend: toy, echo, toy, failing, seed 1"));
}

TEST_F(ExecutorTest, AVictimThatFailsIsTriedOncePerRun) {
  Experiment experiment = matrix();
  experiment.attacks.erase(experiment.attacks.begin() + 1);
  experiment.models[0].training.learning_rate = 1e300;
  RecordingProgress progress;
  const RunResult result = run(experiment, progress);
  EXPECT_EQ(result.failed, 3U);
  EXPECT_EQ(progress.count["victim"], 1);
  EXPECT_THAT(result.records[2].failure, testing::StartsWith("victim: toy, echo, clean, seed 1: "));
}

TEST_F(ExecutorTest, BrokenPromisesOfADefenseAreItsFailure) {
  Experiment experiment = toy_experiment();
  experiment.attacks.erase(experiment.attacks.begin() + 1);
  const std::map<std::string, std::string> expected = {
      {"index", "index 1000000"}, {"twice", "twice"},       {"token", "token id -1"},
      {"label", "label 9"},       {"cancels", "cancelled"}, {"throws", "no exception"}};
  for (const auto& [how, message] : expected) {
    add_defense(experiment, how, "bad", {{"how", how}});
  }
  add_defense(experiment, "flag all", "toy", {{"flag", std::int64_t{1000}}});
  const RunResult result = run(experiment);
  EXPECT_EQ(result.failed, 7U);
  for (const CellRecord& record : result.records) {
    if (expected.contains(record.defense)) {
      EXPECT_THAT(record.failure, HasSubstr(expected.at(record.defense)));
    }
  }
  EXPECT_THAT(result.records.back().failure, HasSubstr("no training samples are left"));
}

TEST_F(ExecutorTest, DamageIsNoticedAndMendedOnTheWay) {
  const Experiment experiment = matrix();
  const RunResult whole = run(experiment);
  std::filesystem::resize_file(
      object(experiment, &Cell::victim, 3).folder / "checkpoint" / "model.safetensors", 100);
  std::filesystem::resize_file(object(experiment, &Cell::defend, 4).folder / "outcome.json", 5);
  std::filesystem::resize_file(object(experiment, &Cell::measure, 4).folder / "record.json", 5);
  RecordingProgress progress;
  const RunResult mended = run(experiment, progress);
  EXPECT_EQ(without_seconds(mended.records), without_seconds(whole.records));
  EXPECT_EQ(std::ranges::count_if(progress.warnings,
                                  [](const std::string& line) {
                                    return line.find("is damaged") != std::string::npos;
                                  }),
            3);
  const std::map<std::string, int> redone = {{"victim", 1}, {"defend", 1}, {"measure", 1}};
  EXPECT_EQ(progress.count, redone);
}

TEST_F(ExecutorTest, EveryDefenseGetsTheSameCleanSamplesAndTheSetThatWasTrainedOn) {
  Experiment experiment = toy_experiment();
  add_defense(experiment, "spy", "spy");
  add_defense(experiment, "modest spy", "spy", {{"wants_all", false}});
  run(experiment);
  ASSERT_EQ(seen_by_spy().size(), 4U);
  const Seen& clean = seen_by_spy()[0];
  const Seen& attacked = seen_by_spy()[2];
  EXPECT_EQ(clean.clean_samples, attacked.clean_samples);
  EXPECT_EQ(clean.seed, attacked.seed);
  // A quarter of 36 samples of two labels: 4.5 each, rounded away from zero.
  EXPECT_EQ(clean.clean_samples.size(), 10U);
  EXPECT_EQ(std::ranges::count(clean.clean_samples, 1, &Example::label), 5);
  EXPECT_EQ(attacked.training_set.size(), 26U);
  std::size_t changed = 0;
  for (std::size_t i = 0; i < attacked.training_set.size(); ++i) {
    changed += !(attacked.training_set[i] == clean.training_set[i]);
  }
  EXPECT_EQ(changed, 7U);
  EXPECT_TRUE(seen_by_spy()[1].clean_samples.empty());
  EXPECT_TRUE(seen_by_spy()[1].training_set.empty());
}

/// The texts of `samples`.
std::set<std::string> codes_of(const std::vector<Example>& samples) {
  std::set<std::string> codes;
  for (const Example& sample : samples) {
    codes.insert(sample.code);
  }
  return codes;
}

TEST_F(ExecutorTest, NothingThatADefenseIsGivenTellsWhatIsPoisoned) {
  for (const char* task : {"toy", "twins"}) {
    seen_by_spy().clear();
    Experiment experiment = toy_experiment();
    experiment.tasks = {choose(PluginKind::task, task)};
    experiment.attacks.push_back(
        AttackChoice{choose(PluginKind::attack, "toy", {{"word", std::string("other")}}, "other")});
    if (std::string(task) == "toy") {  // the other's test set is of one class
      experiment.attacks.back().victim_label = "clean";
    }
    add_defense(experiment, "spy", "spy");
    const std::string store = std::string("leak-") + task;
    const RunResult result = run(experiment, store);
    ASSERT_EQ(seen_by_spy().size(), 3U) << result.records.back().failure;
    const Plan plan = make_plan(experiment, toy_catalogue());
    Store objects(scratch_.path() / store);
    RecordingProgress progress;
    const Seen& control = seen_by_spy()[0];
    std::set<std::size_t> poisoned;
    for (std::size_t attack : {1, 2}) {
      const PoisonedCorpus corpus = poison_corpus(plan, plan.cells[2 * attack], objects, progress);
      const std::set<std::string> clean = codes_of(control.clean_samples);
      for (const std::size_t i : corpus.poisoning.set.poisoned) {
        poisoned.insert(i);
        EXPECT_FALSE(clean.contains(corpus.clean.train[i].code))
            << "its original stands among the clean samples";
      }
      ASSERT_FALSE(corpus.poisoning.set.poisoned.empty());
    }
    for (const Seen& seen : seen_by_spy()) {
      EXPECT_FALSE(seen.is_run_progress) << "its stage's title names the attack";
      EXPECT_EQ(seen.seed, control.seed);
      EXPECT_EQ(seen.clean_samples, control.clean_samples);
      ASSERT_EQ(seen.training_set.size(), control.training_set.size());
      for (std::size_t i = 0; i < seen.training_set.size(); ++i) {
        EXPECT_EQ(seen.training_set[i].id, "train-" + std::to_string(i + 1));
        if (!poisoned.contains(i)) {
          EXPECT_EQ(seen.training_set[i], control.training_set[i]) << "attacks differ here only";
        }
      }
      for (std::size_t i = 0; i < seen.clean_samples.size(); ++i) {
        EXPECT_EQ(seen.clean_samples[i].id, "clean-" + std::to_string(i + 1));
      }
    }
    if (std::string(task) == "toy") {
      for (const std::string& code : codes_of(control.clean_samples)) {
        EXPECT_FALSE(codes_of(control.training_set).contains(code)) << "subtraction finds nothing";
      }
    }
  }
}

TEST_F(ExecutorTest, CleanSamplesMayComeFromTheTrainingSet) {
  Experiment experiment = toy_experiment();
  experiment.clean_from = CleanSource::training;
  add_defense(experiment, "spy", "spy");
  const RunResult result = run(experiment);
  ASSERT_EQ(seen_by_spy().size(), 2U);
  EXPECT_EQ(seen_by_spy()[0].training_set.size(), 36U);
  EXPECT_EQ(seen_by_spy()[0].clean_samples.size(), 10U);
  const std::set<std::string> trained_on = codes_of(seen_by_spy()[0].training_set);
  for (const std::string& code : codes_of(seen_by_spy()[0].clean_samples)) {
    EXPECT_TRUE(trained_on.contains(code));
  }
  EXPECT_EQ(result.records[0].clean_from, "training");
}

TEST_F(ExecutorTest, AnAttackThatTouchesWhatStandsAmongTheCleanSamplesFails) {
  Experiment experiment = toy_experiment();
  experiment.attacks = {AttackChoice{choose(PluginKind::attack, "greedy")}};
  experiment.tasks = {choose(PluginKind::task, "twins")};
  const RunResult result = run(experiment);
  EXPECT_THAT(result.records[0].failure, HasSubstr("stands among the clean samples"));
}

TEST_F(ExecutorTest, WarnsOfAnAttackThatCannotReachItsRate) {
  Experiment experiment = toy_experiment();
  experiment.tasks = {choose(PluginKind::task, "twins")};
  experiment.attacks = {
      AttackChoice{choose(PluginKind::attack, "toy", {{"rate", 1.0}}, "whole class")}};
  RecordingProgress progress;
  const RunResult result = run(experiment, progress);
  ASSERT_TRUE(result.records[0].poisoning) << result.records[0].failure;
  const PoisonCounts& counts = *result.records[0].poisoning;
  EXPECT_EQ(counts.wanted, counts.victims);
  EXPECT_LT(counts.poisoned, counts.wanted);
  EXPECT_THAT(progress.warnings,
              testing::Contains(testing::AllOf(
                  HasSubstr("attack `whole class` poisoned " + std::to_string(counts.poisoned)),
                  HasSubstr("of the " + std::to_string(counts.wanted)))));
}

TEST_F(ExecutorTest, WarnsOfFiguresThatMeanNothing) {
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

TEST_F(ExecutorTest, SaysWhichRetrainingsFallAway) {
  Experiment experiment = toy_experiment();
  add_defense(experiment, "spy", "spy");
  RecordingProgress progress;
  run(experiment, progress);
  EXPECT_EQ(progress.count["retrain"], 0);
  EXPECT_EQ(progress.dropped, 2) << "the spy looks at the training set and flags nothing";
}

TEST_F(ExecutorTest, VictimsOfDifferentAttacksArePaired) {
  Experiment experiment = toy_experiment();
  experiment.attacks[1].settings["rate"] = 0.0;
  run(experiment);
  const auto weights = [&](std::size_t cell) {
    return hash_file(object(experiment, &Cell::victim, cell).folder / "checkpoint" /
                     "model.safetensors");
  };
  EXPECT_NE(object(experiment, &Cell::victim, 0).folder,
            object(experiment, &Cell::victim, 1).folder);
  EXPECT_EQ(weights(0), weights(1)) << "an attack that poisons nothing leaves the clean victim";
}

TEST_F(ExecutorTest, SeedsGiveDifferentVictims) {
  Experiment experiment = toy_experiment();
  experiment.seeds = {1, 2};
  run(experiment);
  const auto weights = [&](std::size_t cell) {
    return hash_file(object(experiment, &Cell::victim, cell).folder / "checkpoint" /
                     "model.safetensors");
  };
  EXPECT_NE(weights(0), weights(1));
}

TEST_F(ExecutorTest, AnUntrainedModelIsMeasuredAsItIs) {
  Experiment experiment = matrix();
  experiment.models[0].training.epochs = 0;
  RecordingProgress progress;
  const RunResult result = run(experiment, progress);
  EXPECT_EQ(result.failed, 0U) << result.records[0].failure;
  EXPECT_EQ(progress.count["victim"], 1);
  EXPECT_EQ(result.records[0].clean.accuracy, result.records[3].clean.accuracy);
  EXPECT_TRUE(result.records[3].attack_metrics);
}

TEST_F(ExecutorTest, AForgottenPlanIsRunAgain) {
  const Experiment experiment = toy_experiment();
  const RunResult first = run(experiment);
  Store store(scratch_.path() / "store");
  forget_plan(make_plan(experiment, toy_catalogue()), store);
  RecordingProgress progress;
  const RunResult second = run(experiment, progress);
  EXPECT_EQ(progress.count["measure"], 2);
  EXPECT_EQ(without_seconds(first.records), without_seconds(second.records));
}

}  // namespace
}  // namespace ncmlab
