// SPDX-License-Identifier: Apache-2.0
#include "engine/plan_json.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "error_of.hpp"
#include "toy_runs.hpp"

namespace ncmlab {
namespace {

using nlohmann::json;

class PlanJsonTest : public ToyRuns {
 protected:
  /// Every kind of stage, two seeds, settings of every type.
  static Experiment everything() {
    Experiment experiment = matrix();
    experiment.seeds = {1, 2};
    experiment.attacks.push_back(AttackChoice{choose(PluginKind::attack, "led")});
    experiment.attacks.back().victim_label = "clean";
    experiment.models[0].training.early_stopping = 1;
    experiment.source = "name = \"toys\"\n";
    return experiment;
  }
  static Plan reread(const Plan& plan) {
    return plan_from_json(to_json(plan), "plan.json", toy_catalogue());
  }
  static Diagnostic refusal(const json& object) {
    return error_of([&] { plan_from_json(object.dump(), "plan.json", toy_catalogue()); });
  }
};

TEST_F(PlanJsonTest, IsReadAsItWasWritten) {
  const Plan plan = make_plan(everything(), toy_catalogue());
  const Plan read = reread(plan);
  EXPECT_EQ(to_json(read), to_json(plan));
  ASSERT_EQ(read.stages.size(), plan.stages.size());
  for (std::size_t i = 0; i < plan.stages.size(); ++i) {
    EXPECT_EQ(read.stages[i].key.parts(), plan.stages[i].key.parts());
    EXPECT_EQ(read.stages[i].subject, plan.stages[i].subject);
  }
  EXPECT_EQ(read.goals, plan.goals);
  EXPECT_EQ(read.experiment.source, plan.experiment.source);
}

TEST_F(PlanJsonTest, IsRunToTheSameRecords) {
  const RunResult here = run(everything(), "here");
  EXPECT_EQ(here.failed, 0U) << here.records.front().failure;
  Store store(scratch_.path() / "there");
  RunProgress silent;
  const RunResult there = run_plan(reread(make_plan(everything(), toy_catalogue())),
                                   toy_catalogue(), store, folder("there"), silent);
  EXPECT_EQ(without_seconds(there.records), without_seconds(here.records));
}

TEST_F(PlanJsonTest, RefusesWhatIsNoPlan) {
  const json good = json::parse(to_json(make_plan(toy_experiment(), toy_catalogue())));
  EXPECT_EQ(refusal(json::array()).code, "plan.bad-file");
  for (const auto& [path, value] :
       std::vector<std::pair<const char*, json>>{{"/format", 99},
                                                 {"/threads", "two"},
                                                 {"/threads", 0},
                                                 {"/experiment/seeds", "one"},
                                                 {"/experiment/clean_from", "elsewhere"},
                                                 {"/experiment/models/0/training/precision", "f9"},
                                                 {"/stages", 7}}) {
    json bad = good;
    bad[json::json_pointer(path)] = value;
    const Diagnostic refused = refusal(bad);
    EXPECT_EQ(refused.code, "plan.bad-file") << path;
    EXPECT_THAT(refused.message, testing::HasSubstr("plan.json")) << path;
    EXPECT_THAT(refused.help, testing::ElementsAre(testing::HasSubstr("ncmlab plan"))) << path;
  }
  EXPECT_EQ(
      error_of([] { plan_from_json(std::string(5000, '['), "plan.json", toy_catalogue()); }).code,
      "plan.bad-file");
}

TEST_F(PlanJsonTest, RefusesAGraphThatDoesNotFollowFromItsChoices) {
  const json good = json::parse(to_json(make_plan(toy_experiment(), toy_catalogue())));
  for (const auto& [path, value] :
       std::vector<std::pair<const char*, json>>{{"/stages/0/subject/task", 7},
                                                 {"/stages/0/kind", "cook"},
                                                 {"/stages/1/key/0/1", "changed"},
                                                 {"/stages/2/needs", json::array()},
                                                 {"/cells/0/measure", 1000},
                                                 {"/goals", json::array()}}) {
    json bad = good;
    bad[json::json_pointer(path)] = value;
    EXPECT_EQ(refusal(bad).code, "plan.outdated") << path;
  }
}

TEST_F(PlanJsonTest, RefusesSettingsThatItsKeysAreNotMadeOf) {
  json plan = json::parse(to_json(make_plan(toy_experiment(), toy_catalogue())));
  plan["experiment"]["models"][0]["training"]["epochs"] = 3;
  const Diagnostic refused = refusal(plan);
  EXPECT_EQ(refused.code, "plan.outdated");
  EXPECT_THAT(refused.message, testing::HasSubstr("`training.epochs` of stage `victim: "));
  json device = json::parse(to_json(make_plan(toy_experiment(), toy_catalogue())));
  device["device"] = "cuda:99";
  EXPECT_EQ(refusal(device).code, "device.missing");
}

TEST_F(PlanJsonTest, RefusesAPlanOfOtherSoftware) {
  for (const char* part : {"software.torch", "task library"}) {
    Plan plan = make_plan(toy_experiment(), toy_catalogue());
    Key other(plan.stages[0].kind());
    for (const auto& [name, value] : plan.stages[0].key.parts()) {
      other.add(name, name == part ? "another" : value);
    }
    plan.stages[0].key = other;
    plan.stages[0].hash = other.hash();
    const Diagnostic refused = error_of([&] { reread(plan); });
    EXPECT_EQ(refused.code, "plan.outdated") << part;
    EXPECT_THAT(refused.message, testing::HasSubstr("`" + std::string(part) + "` of stage"));
  }
}

TEST_F(PlanJsonTest, HoldsTheBudgetOfDefenses) {
  Experiment experiment = matrix();
  experiment.defense_budget = BudgetChoice{.steps = 9, .learning_rates = {0.25}};
  experiment.defenses.back().granted = {Allowance::steps, Allowance::poison_share};
  experiment.defenses.back().departures = {"rate = 1"};
  const Plan plan = make_plan(experiment, toy_catalogue());
  const Plan read = plan_from_json(to_json(plan), "plan.json", toy_catalogue());
  EXPECT_EQ(to_json(read), to_json(plan));
  EXPECT_EQ(read.experiment.defenses.back().granted, experiment.defenses.back().granted);
  EXPECT_EQ(read.experiment.defenses.back().departures, std::vector<std::string>{"rate = 1"});
  EXPECT_EQ(read.experiment.defense_budget->steps, 9);
}

}  // namespace
}  // namespace ncmlab
