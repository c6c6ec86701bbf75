// SPDX-License-Identifier: Apache-2.0
#include "engine/executor.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "ncmlab/core/diagnostic.hpp"
#include "toy_runs.hpp"

namespace ncmlab {
namespace {

using testing::HasSubstr;

class ExecutorTest : public ToyRuns {};

TEST_F(ExecutorTest, RunsEachSharedStageOnceAndNothingTwice) {
  Experiment experiment = matrix();
  experiment.seeds = {1, 2};
  RecordingProgress first;
  const RunResult result = run(experiment, first);
  EXPECT_EQ(result.failed, 0U) << result.records[0].failure;
  const std::map<std::string, int> expected = {{"poison", 2},  {"victim", 4},   {"defend", 8},
                                               {"retrain", 4}, {"predict", 20}, {"measure", 12}};
  EXPECT_EQ(first.count, expected);
  EXPECT_EQ(first.overrun, "");
  EXPECT_EQ(first.dropped, 0) << "one repairs, one flags";

  RecordingProgress second;
  const RunResult again = run(experiment, second);
  EXPECT_TRUE(second.titles.empty());
  ASSERT_EQ(again.records.size(), result.records.size());
  for (std::size_t i = 0; i < again.records.size(); ++i) {
    EXPECT_EQ(to_json(again.records[i]), to_json(result.records[i]));
  }
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
  alone.defenses.erase(alone.defenses.begin(), alone.defenses.begin() + 2);
  const RunResult result = run(alone, "alone");
  ASSERT_EQ(result.records.size(), 2U);
  EXPECT_EQ(without_seconds(result.records).back(), without_seconds(whole.records).back());
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

TEST_F(ExecutorTest, WithoutATestSplitNothingIsBegun) {
  Experiment experiment = toy_experiment();
  experiment.tasks = {choose(PluginKind::task, "twins", {{"tested", false}})};
  RecordingProgress progress;
  const RunResult result = run(experiment, progress);
  EXPECT_TRUE(progress.titles.empty());
  ASSERT_EQ(result.failed, 2U);
  EXPECT_EQ(result.records[0].failure, "the task's test split is empty [data.empty]");
}

TEST_F(ExecutorTest, DamageIsNoticedAndMendedOnTheWay) {
  const Experiment experiment = matrix();
  const RunResult whole = run(experiment);
  std::filesystem::resize_file(
      object(experiment, "victim", 3).folder / "checkpoint" / "model.safetensors", 100);
  std::filesystem::resize_file(object(experiment, "defend", 4).folder / "outcome.json", 5);
  std::filesystem::resize_file(object(experiment, "measure", 4).folder / "record.json", 5);
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

TEST_F(ExecutorTest, SaysWhichPossibleStagesFallAway) {
  Experiment experiment = toy_experiment();
  add_defense(experiment, "spy", "spy");
  add_defense(experiment, "flags none", "flagger");
  RecordingProgress progress;
  run(experiment, progress);
  EXPECT_EQ(progress.count["retrain"], 0);
  EXPECT_EQ(progress.dropped, (1 + 2) + (2 + 3))
      << "the spy leaves no repaired copy to predict with; where nothing is flagged nothing is "
         "retrained, and none of that is to predict with";
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
