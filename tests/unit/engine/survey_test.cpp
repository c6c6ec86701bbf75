// SPDX-License-Identifier: Apache-2.0
#include "engine/survey.hpp"

#include <ATen/Parallel.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "ncmlab/core/diagnostic.hpp"
#include "scratch_folder.hpp"
#include "toy_experiment.hpp"

namespace ncmlab {
namespace {

class SurveyTest : public testing::Test {
 protected:
  void run(const Experiment& experiment) {
    Store store(scratch_.path());
    RunProgress silent;
    run_plan(make_plan(experiment, toy_catalogue()), toy_catalogue(), store,
             scratch_.path() / "runs" / "x", silent);
  }
  /// `kind: state[: reasons]` of each stage.
  std::vector<std::string> look(const Experiment& experiment) {
    const Plan plan = make_plan(experiment, toy_catalogue());
    const auto surveys = survey(plan, Store(scratch_.path()));
    std::vector<std::string> lines;
    for (std::size_t i = 0; i < surveys.size(); ++i) {
      std::string line = plan.stages[i].kind() + ": " + std::string(to_string(surveys[i].state));
      for (const std::string& reason : surveys[i].reasons) {
        line += ": " + reason;
      }
      lines.push_back(line);
    }
    return lines;
  }

  ScratchFolder scratch_;
};

TEST_F(SurveyTest, AnEmptyStoreHoldsNothing) {
  Experiment experiment = toy_experiment();
  experiment.attacks.erase(experiment.attacks.begin());
  EXPECT_THAT(
      look(experiment),
      testing::ElementsAre("poison: pending: not made yet", "victim: pending: not made yet",
                           "predict: pending: not made yet", "predict: pending: not made yet",
                           "measure: pending: not made yet"));
  experiment.defenses = {
      DefenseChoice{choose(PluginKind::defense, "toy", {{"repair", true}}, "repair")}};
  EXPECT_THAT(look(experiment), testing::Not(testing::Contains("retrain: possible")))
      << "only a defense that is given the training set can flag samples of it";
  experiment.defenses = {
      DefenseChoice{choose(PluginKind::defense, "flagger", {{"count", std::int64_t{2}}})}};
  EXPECT_THAT(
      look(experiment),
      testing::ElementsAre("poison: pending: not made yet", "victim: pending: not made yet",
                           "defend: pending: not made yet", "predict: pending: not made yet",
                           "predict: possible", "retrain: possible", "predict: possible",
                           "predict: possible", "measure: pending: not made yet"));
}

TEST_F(SurveyTest, SaysWhichPartChanged) {
  Experiment experiment = toy_experiment();
  experiment.attacks.erase(experiment.attacks.begin());
  run(experiment);
  EXPECT_THAT(look(experiment),
              testing::ElementsAre("poison: cached", "victim: cached", "predict: cached",
                                   "predict: cached", "measure: cached"));
  experiment.models[0].settings["layers"] = std::int64_t{2};
  EXPECT_THAT(look(experiment),
              testing::ElementsAre("poison: cached", "victim: pending: `model.layers` was 1, is 2",
                                   "predict: pending: stage `victim` before it changed",
                                   "predict: pending: stage `victim` before it changed",
                                   "measure: pending: stage `predict` before it changed"));
}

TEST_F(SurveyTest, NamesTheChangedSettingAndNoOther) {
  Experiment experiment = toy_experiment();
  experiment.attacks = {AttackChoice{choose(PluginKind::attack, "led")}};
  experiment.attacks[0].surrogate = experiment.models[0];
  // A setting and a fingerprint of its files: both are parts of the key.
  experiment.tasks = {choose(PluginKind::task, "toy", {{"folder", std::string(".")}})};
  run(experiment);
  const auto expect = [&](const Experiment& changed, const std::vector<std::string>& expected) {
    EXPECT_THAT(look(changed), testing::ElementsAreArray(expected));
  };
  Experiment victim = experiment;
  victim.models[0].training.learning_rate = 3e-3;
  expect(victim, {"surrogate: cached", "poison: cached",
                  "victim: pending: `training.learning_rate` was 0.001, is 0.003",
                  "predict: pending: stage `victim` before it changed",
                  "predict: pending: stage `victim` before it changed",
                  "measure: pending: stage `predict` before it changed"});
  Experiment surrogate = experiment;
  surrogate.attacks[0].surrogate->training.learning_rate = 3e-3;
  expect(surrogate, {"surrogate: pending: `training.learning_rate` was 0.001, is 0.003",
                     "poison: pending: stage `surrogate` before it changed",
                     "victim: pending: stage `poison` before it changed",
                     "predict: pending: stage `victim` before it changed",
                     "predict: pending: stage `victim` before it changed: stage `poison` before it "
                     "changed",
                     "measure: pending: stage `poison` before it changed: stage `predict` before "
                     "it changed"});
  Experiment goal = experiment;
  goal.attacks[0].victim_label = "clean";
  goal.attacks[0].target_label = "defective";
  EXPECT_THAT(look(goal),
              testing::IsSupersetOf(
                  {"surrogate: cached", "poison: pending: `attack goals` was 1->0, is 0->1",
                   "measure: pending: `attack goals` was 1->0, is 0->1: stage `poison` "
                   "before it changed: stage `predict` before it changed"}));
  const int before = at::get_num_threads();
  at::set_num_threads(before + 1);
  EXPECT_THAT(
      look(experiment),
      testing::Contains("victim: pending: `threads` was " + std::to_string(before) + ", is " +
                        std::to_string(before + 1) + ": stage `poison` before it changed"));
  at::set_num_threads(before);
}

TEST_F(SurveyTest, SaysHowManyEpochsOfATrainingAreSaved) {
  Experiment experiment = toy_experiment();
  experiment.attacks.pop_back();
  experiment.models[0].training.epochs = 5;
  class StopAfterTwo final : public RunProgress {
   public:
    void log(std::string_view line) override { stop_ = stop_ || line.starts_with("epoch 2/5"); }
    bool cancelled() const override { return stop_; }

   private:
    bool stop_ = false;
  };
  StopAfterTwo progress;
  Store store(scratch_.path());
  EXPECT_THROW(run_plan(make_plan(experiment, toy_catalogue()), toy_catalogue(), store,
                        scratch_.path() / "runs", progress),
               Cancelled);
  EXPECT_THAT(look(experiment),
              testing::Contains("victim: pending: not finished: 2 of 5 epochs are saved"));
  experiment.models[0].training.learning_rate = 3e-3;
  EXPECT_THAT(look(experiment), testing::Contains("victim: pending: not made yet"));
}

TEST_F(SurveyTest, ASurrogateIsAStageOfItsOwn) {
  Experiment experiment = toy_experiment();
  experiment.attacks = {AttackChoice{choose(PluginKind::attack, "led")}};
  experiment.attacks[0].surrogate = experiment.models[0];
  const auto lines = look(experiment);
  EXPECT_EQ(lines[0], "surrogate: pending: not made yet");
  EXPECT_EQ(lines[1], "poison: pending: not made yet");
  run(experiment);
  EXPECT_THAT(look(experiment), testing::Contains(testing::HasSubstr("cached")).Times(6));
  experiment.models[0].training.epochs = 2;
  EXPECT_THAT(look(experiment), testing::Contains("surrogate: cached"))
      << "another victim is no reason for another surrogate";
  experiment.attacks[0].surrogate->training.epochs = 2;
  const auto changed = look(experiment);
  EXPECT_EQ(changed[0], "surrogate: pending: `training.epochs` was 1, is 2");
  EXPECT_EQ(changed[1], "poison: pending: stage `surrogate` before it changed");
}

TEST_F(SurveyTest, NobodyTrainsASurrogateForAStoredPoisoning) {
  Experiment experiment = toy_experiment();
  experiment.attacks = {AttackChoice{choose(PluginKind::attack, "led")}};
  run(experiment);
  const Plan plan = make_plan(experiment, toy_catalogue());
  Store store(scratch_.path());
  store.remove(plan.stages[stage_of(plan, plan.cells[0], "surrogate").value()].key);
  store.remove(plan.stages[plan.cells[0].measure].key);
  EXPECT_THAT(look(experiment),
              testing::AllOf(testing::Contains("surrogate: unneeded"),
                             testing::Contains("measure: pending: not made yet")));
}

TEST_F(SurveyTest, WhatNothingNeedsIsNotPending) {
  Experiment experiment = toy_experiment();
  experiment.defenses = {
      DefenseChoice{choose(PluginKind::defense, "toy", {{"repair", true}}, "repair")}};
  run(experiment);
  const Plan plan = make_plan(experiment, toy_catalogue());
  Store store(scratch_.path());
  for (const Cell& cell : plan.cells) {
    store.remove(plan.stages[stage_of(plan, cell, "victim").value()].key);
    store.remove(plan.stages[cell.measure].key);
  }
  const auto lines = look(experiment);
  EXPECT_THAT(lines, testing::Contains("victim: unneeded").Times(2));
  EXPECT_THAT(lines, testing::Contains("measure: pending: not made yet").Times(2));
}

TEST_F(SurveyTest, NamesDamage) {
  Experiment experiment = toy_experiment();
  experiment.attacks.erase(experiment.attacks.begin() + 1);
  run(experiment);
  const Plan plan = make_plan(experiment, toy_catalogue());
  Store store(scratch_.path());
  const auto object = store.open(plan.stages[plan.cells[0].measure].key, [](std::string_view) {});
  std::filesystem::resize_file(object->folder / "record.json", 10);
  EXPECT_THAT(look(experiment),
              testing::Contains("measure: pending: the stored object is damaged"));
}

}  // namespace
}  // namespace ncmlab
