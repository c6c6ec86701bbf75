// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "engine/executor.hpp"
#include "ncmlab/core/diagnostic.hpp"
#include "ncmlab/core/files.hpp"
#include "ncmlab/core/hash.hpp"
#include "scratch_folder.hpp"
#include "toy_experiment.hpp"

namespace ncmlab {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::MatchesRegex;

/// Asks to stop once a line that starts with `line` was logged.
class StopAtLine final : public RecordingProgress {
 public:
  explicit StopAtLine(std::string line) : line_(std::move(line)) {}
  void log(std::string_view line) override {
    RecordingProgress::log(line);
    is_stopped = is_stopped || line.starts_with(line_);
  }

 private:
  std::string line_;
};

class VictimStageTest : public testing::Test {
 protected:
  /// One cell: the model of the toy experiment, trained on clean samples.
  static Experiment one_cell(std::int64_t epochs) {
    Experiment experiment = toy_experiment();
    experiment.attacks.pop_back();
    experiment.models[0].training.epochs = epochs;
    return experiment;
  }
  RunResult run(const Experiment& experiment, RunProgress& progress,
                const std::string& name = "store") {
    Store store(scratch_.path() / name);
    store.sweep();
    return run_plan(make_plan(experiment, toy_catalogue()), store, scratch_.path() / name / "runs",
                    progress);
  }
  std::filesystem::path victim(const Experiment& experiment, const std::string& name = "store") {
    const Plan plan = make_plan(experiment, toy_catalogue());
    return Store(scratch_.path() / name).peek(plan.stages[plan.cells[0].victim].key)->folder;
  }
  json training(const Experiment& experiment, const std::string& name = "store") {
    return json::parse(read_file(victim(experiment, name) / "training.json"));
  }

  ScratchFolder scratch_;
};

TEST_F(VictimStageTest, RecordsAndShowsEveryEpoch) {
  const Experiment experiment = one_cell(3);
  RecordingProgress progress;
  ASSERT_EQ(run(experiment, progress).failed, 0U);
  const json record = training(experiment);
  ASSERT_EQ(record.at("epochs").size(), 3U);
  EXPECT_EQ(record.at("kept_epoch"), 3);
  for (const json& epoch : record.at("epochs")) {
    EXPECT_GT(epoch.at("loss"), 0.0);
    EXPECT_LE(epoch.at("accuracy"), 1.0);
    EXPECT_LE(epoch.at("validation").at("accuracy"), 1.0);
    EXPECT_LE(epoch.at("validation").at("f1"), 1.0);
  }
  EXPECT_THAT(progress.lines,
              ElementsAre(MatchesRegex("epoch 1/3: loss .*, accuracy .*; validation: accuracy .*, "
                                       "f1 .*"),
                          HasSubstr("epoch 2/3"), HasSubstr("epoch 3/3")));
}

TEST_F(VictimStageTest, GoesOnAfterTheLastFinishedEpoch) {
  Experiment experiment = one_cell(6);
  experiment.models[0].training.early_stopping = 5;
  RecordingProgress whole;
  const RunResult expected = run(experiment, whole, "whole");
  for (const char* line : {"epoch 2/6", "epoch 5/6"}) {
    StopAtLine stopping(line);
    EXPECT_THROW(run(experiment, stopping, "stopped"), Cancelled);
  }
  RecordingProgress rest;
  const RunResult result = run(experiment, rest, "stopped");
  ASSERT_FALSE(rest.lines.empty());
  EXPECT_EQ(rest.lines[0], "training goes on after epoch 5/6");
  EXPECT_EQ(without_seconds(result.records), without_seconds(expected.records));
  EXPECT_EQ(training(experiment, "stopped"), training(experiment, "whole"));
  EXPECT_EQ(hash_file(victim(experiment, "stopped") / "checkpoint" / "model.safetensors"),
            hash_file(victim(experiment, "whole") / "checkpoint" / "model.safetensors"));
  EXPECT_TRUE(std::filesystem::is_empty(scratch_.path() / "stopped" / "work"));
}

TEST_F(VictimStageTest, AnotherTrainingDoesNotGoOnFromIt) {
  StopAtLine stopping("epoch 2/6");
  EXPECT_THROW(run(one_cell(6), stopping), Cancelled);
  Experiment other = one_cell(6);
  other.models[0].training.learning_rate = 2e-3;
  RecordingProgress progress;
  run(other, progress);
  EXPECT_THAT(progress.lines[0], HasSubstr("epoch 1/6"));
}

TEST_F(VictimStageTest, EarlyStoppingNamesTheEpochThatWasKept) {
  Experiment experiment = one_cell(40);
  experiment.models[0].training.early_stopping = 2;
  experiment.models[0].training.stopping_metric = "f1";
  RecordingProgress progress;
  ASSERT_EQ(run(experiment, progress).failed, 0U);
  const json record = training(experiment);
  const std::size_t epochs = record.at("epochs").size();
  ASSERT_LT(epochs, 40U);
  EXPECT_EQ(record.at("kept_epoch"), epochs - 2);
}

TEST_F(VictimStageTest, EarlyStoppingNeedsSamplesAndAMetricOfTheTask) {
  Experiment experiment = one_cell(3);
  experiment.models[0].training.early_stopping = 2;
  experiment.models[0].training.stopping_metric = "mrr";
  RecordingProgress progress;
  const RunResult result = run(experiment, progress);
  EXPECT_EQ(result.failed, 1U);
  EXPECT_THAT(result.records[0].failure, HasSubstr("early stopping by `mrr`"));
  EXPECT_THAT(result.records[0].failure, HasSubstr("`accuracy` and `f1`"));
  EXPECT_THAT(progress.lines, ElementsAre());
}

}  // namespace
}  // namespace ncmlab
