// SPDX-License-Identifier: Apache-2.0
#include "engine/defended_training_stage.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ncmlab/core/files.hpp"
#include "toy_runs.hpp"

namespace ncmlab {
namespace {

class DefendedTrainingStageTest : public ToyRuns {
 protected:
  static Experiment braked(double factor, std::int64_t phases = 1) {
    Experiment experiment = toy_experiment();
    add_defense(experiment, "brake", "brake", {{"factor", factor}, {"phases", phases}});
    return experiment;
  }
  std::string weights(const Experiment& experiment, const std::string& store) {
    return read_file(object(experiment, "train", 3, store).folder / "checkpoint" /
                     "model.safetensors");
  }
};

TEST_F(DefendedTrainingStageTest, TrainsAVictimOfItsOwnOnTheSameData) {
  RecordingProgress progress;
  const Experiment experiment = braked(1);
  const RunResult result = run(experiment, progress);
  EXPECT_EQ(result.failed, 0U);
  EXPECT_EQ(progress.count["train"], 2) << "on clean and on poisoned data";
  EXPECT_EQ(progress.count["victim"], 2);
  const CellRecord& record = result.records.back();
  EXPECT_EQ(record.defense, "brake");
  ASSERT_TRUE(record.attack_metrics);
  EXPECT_GT(record.figures.at("mean_loss"), 0);
  EXPECT_FALSE(record.detection);
  // What costs the defense is told apart from the undefended victim, which is a control.
  std::vector<std::string> stages;
  for (const StageCost& cost : record.costs) {
    stages.push_back(cost.stage);
  }
  EXPECT_THAT(stages, testing::Contains("train"));
  EXPECT_THAT(stages, testing::Not(testing::Contains("victim")));
}

TEST_F(DefendedTrainingStageTest, ItsLossIsWhatIsMinimised) {
  run(braked(0), "none");
  run(braked(1), "one");
  const std::string none = weights(braked(0), "none"), one = weights(braked(1), "one");
  EXPECT_NE(none, one);
}

TEST_F(DefendedTrainingStageTest, WithoutAPhaseTheVictimIsNotTrained) {
  const RunResult result = run(braked(1, 0));
  EXPECT_EQ(result.failed, 0U);
  EXPECT_EQ(result.records.back().figures.at("mean_loss"), 0);
}

TEST_F(DefendedTrainingStageTest, GoesOnAfterThePhaseThatWasFinished) {
  const Experiment experiment = braked(1, 3);
  run(experiment, "whole");
  class Stops final : public RunProgress {
   public:
    void stage_begins(const Stage& stage) override { is_train_ = stage.kind() == "train"; }
    void log(std::string_view line) override {
      lines.emplace_back(line);
      // The first line of the last phase.
      stop_ = stop_ || (is_train_ && line.starts_with("phase 3") && ++seen_ == most_);
    }
    bool cancelled() const override { return stop_; }
    void go_on() {
      stop_ = false;
      most_ = -1;
    }
    std::vector<std::string> lines;

   private:
    bool is_train_ = false, stop_ = false;
    int seen_ = 0, most_ = 1;
  };
  Stops progress;
  EXPECT_THROW(run(experiment, progress, "cut"), Cancelled);
  progress.go_on();
  progress.lines.clear();
  EXPECT_EQ(run(experiment, progress, "cut").failed, 0U);
  EXPECT_EQ(weights(experiment, "cut"), weights(experiment, "whole"));
}

}  // namespace
}  // namespace ncmlab
