// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "engine/training_stages.hpp"
#include "engine/workshop.hpp"
#include "ncmlab/core/diagnostic.hpp"
#include "ncmlab/core/files.hpp"
#include "ncmlab/core/hash.hpp"
#include "toy_runs.hpp"

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

class VictimStageTest : public ToyRuns {
 protected:
  /// One cell: the model of the toy experiment, trained on clean samples.
  static Experiment one_cell(std::int64_t epochs) {
    Experiment experiment = toy_experiment();
    experiment.attacks.pop_back();
    experiment.models[0].training.epochs = epochs;
    return experiment;
  }
  json training(const Experiment& experiment, const std::string& store_name = "store") {
    return json::parse(
        read_file(object(experiment, "victim", 0, store_name).folder / "training.json"));
  }
  /// Tells the victims of cells apart.
  std::string weights(const Experiment& experiment, std::size_t cell,
                      const std::string& store_name = "store") {
    return hash_file(object(experiment, "victim", cell, store_name).folder / "checkpoint" /
                     "model.safetensors");
  }
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
  EXPECT_EQ(weights(experiment, 0, "stopped"), weights(experiment, 0, "whole"));
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
  experiment.models[0].training.stopping_metric = ValidationMetric::f1;
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
  experiment.models[0].training.stopping_metric = ValidationMetric::mrr;
  RecordingProgress progress;
  const RunResult result = run(experiment, progress);
  EXPECT_EQ(result.failed, 1U);
  EXPECT_THAT(result.records[0].failure, HasSubstr("[engine.no-metric; "));
  EXPECT_THAT(result.records[0].failure, HasSubstr("early stopping by `mrr`"));
  EXPECT_THAT(result.records[0].failure, HasSubstr("`accuracy` and `f1`"));
  EXPECT_THAT(progress.lines, ElementsAre());
}

TEST_F(VictimStageTest, TrainsTheSurrogateOnCleanDataWithASeedOfItsOwn) {
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
  Workshop workshop(plan, toy_catalogue(), progress);
  const auto sum_of = [&](const Cell& cell, std::string_view kind) {
    const Stage& stage = plan.stages[stage_of(plan, cell, kind).value()];
    const auto object = store.open(stage.key, [](std::string_view) {}).value();
    return embedding_sum(read_model(workshop, {.stage = stage, .object = object}));
  };
  EXPECT_EQ(seen_by_led().front(), sum_of(plan.cells.back(), "surrogate"));
  EXPECT_NE(seen_by_led().front(), sum_of(plan.cells.front(), "victim"))
      << "the clean victim has the same settings, but another seed";
  EXPECT_EQ(result.records.back().costs.front().stage, "surrogate");
  EXPECT_FALSE(stage_of(plan, plan.cells[1], "surrogate")) << "attack toy asks for none";

  seen_by_led().clear();
  for (const Cell& cell : plan.cells) {
    if (stage_of(plan, cell, "surrogate")) {
      store.remove(plan.stages[stage_of(plan, cell, "poison").value()].key);
      store.remove(plan.stages[cell.measure].key);
    }
  }
  RecordingProgress resumed;
  const RunResult again = run(experiment, resumed);
  EXPECT_EQ(resumed.count["surrogate"], 0);
  EXPECT_EQ(without_seconds(again.records), without_seconds(result.records));
}

TEST_F(VictimStageTest, VictimsOfDifferentAttacksArePaired) {
  Experiment experiment = toy_experiment();
  experiment.attacks[1].settings["rate"] = 0.0;
  run(experiment);
  EXPECT_NE(object(experiment, "victim", 0).folder, object(experiment, "victim", 1).folder);
  EXPECT_EQ(weights(experiment, 0), weights(experiment, 1))
      << "an attack that poisons nothing leaves the clean victim";
}

TEST_F(VictimStageTest, SeedsGiveDifferentVictims) {
  Experiment experiment = toy_experiment();
  experiment.seeds = {1, 2};
  run(experiment);
  EXPECT_NE(weights(experiment, 0), weights(experiment, 1));
}

}  // namespace
}  // namespace ncmlab
