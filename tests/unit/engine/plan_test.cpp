// SPDX-License-Identifier: Apache-2.0
#include "engine/plan.hpp"

#include <ATen/Parallel.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "ncmlab/core/diagnostic.hpp"
#include "toy_experiment.hpp"

namespace ncmlab {
namespace {

std::map<std::string, int> stages_by_kind(const Plan& plan) {
  std::map<std::string, int> counts;
  for (const Stage& stage : plan.stages) {
    ++counts[stage.kind()];
  }
  return counts;
}

TEST(PlanTest, SharesStagesBetweenCells) {
  Experiment experiment = toy_experiment();
  add_defense(experiment, "repair", "toy", {{"repair", true}});
  add_defense(experiment, "flag", "flagger", {{"count", std::int64_t{3}}});
  experiment.seeds = {1, 2};
  const Plan plan = make_plan(experiment, toy_catalogue());
  EXPECT_EQ(plan.cells.size(), 12U);
  const std::map<std::string, int> expected = {{"poison", 2},  {"victim", 4},   {"defend", 8},
                                               {"retrain", 4}, {"predict", 20}, {"measure", 12}};
  EXPECT_EQ(stages_by_kind(plan), expected);
  const RunIndex index = index_of(plan, "text");
  ASSERT_EQ(index.cells.size(), 12U);
  EXPECT_EQ(index.cells[0].attack, "none");
  EXPECT_EQ(index.cells[1].seed, 2);
  EXPECT_EQ(index.cells[2].defense, "repair");
  EXPECT_EQ(index.cells[11].attack, "toy");
}

TEST(PlanTest, UntrainedModelsAreOneVictimForAllAttacks) {
  Experiment experiment = toy_experiment();
  experiment.models[0].training.epochs = 0;
  const Plan plan = make_plan(experiment, toy_catalogue());
  EXPECT_EQ(stages_by_kind(plan)["victim"], 1);
  EXPECT_EQ(stages_by_kind(plan)["poison"], 1);
  EXPECT_NE(plan.stages[plan.cells[0].measure].hash, plan.stages[plan.cells[1].measure].hash);
}

TEST(PlanTest, KeysDependOnWhatChangesResultsAndOnNothingElse) {
  const auto victim_and_measure = [](const Experiment& experiment) {
    const Plan plan = make_plan(experiment, toy_catalogue());
    const Cell& cell = plan.cells.back();
    return std::pair(plan.stages[stage_of(plan, cell, "victim").value()].hash,
                     plan.stages[cell.measure].hash);
  };
  Experiment base = toy_experiment();
  add_defense(base, "toy", "toy");
  const auto original = victim_and_measure(base);

  Experiment renamed = base;
  renamed.name = "other";
  renamed.defenses[1].label = "another label";
  renamed.attacks[1].label = "another label";
  renamed.defenses[1].settings["sleep_ms"] = std::int64_t{5};
  EXPECT_EQ(victim_and_measure(renamed), original);

  Experiment share = base;
  share.clean_share = 0.5;
  EXPECT_NE(victim_and_measure(share).first, original.first)
      << "it is held out of the training set";
  EXPECT_NE(victim_and_measure(share).second, original.second);
  Experiment inside = base;
  inside.clean_from = CleanSource::training;
  const auto original_inside = victim_and_measure(inside);
  EXPECT_NE(original_inside.first, original.first);
  inside.clean_share = 0.5;
  EXPECT_EQ(victim_and_measure(inside).first, original_inside.first);
  EXPECT_NE(victim_and_measure(inside).second, original_inside.second);

  Experiment unused = base;
  unused.models[0].training.stopping_metric = ValidationMetric::f1;
  EXPECT_EQ(victim_and_measure(unused), original) << "early stopping is off";

  std::vector<Experiment> others(11, base);
  others[0].seeds = {2};
  others[1].models[0].training.learning_rate = 2e-3;
  others[2].models[0].settings["layers"] = std::int64_t{2};
  others[3].tasks[0].settings["samples"] = std::int64_t{70};
  others[4].attacks[1].settings["word"] = std::string("other");
  others[5].attacks[1].victim_label = "clean";
  others[6].models[0].training.head_only = true;
  others[7].models[0].training.accumulation = 2;
  others[8].models[0].training.precision = Precision::bf16;
  others[9].models[0].training.early_stopping = 1;
  others[10].models[0].training.early_stopping = 1;
  others[10].models[0].training.stopping_metric = ValidationMetric::f1;
  std::set<std::string> victims = {original.first}, measures = {original.second};
  for (const Experiment& other : others) {
    const auto [victim, measure] = victim_and_measure(other);
    victims.insert(victim);
    measures.insert(measure);
  }
  EXPECT_EQ(victims.size(), 12U);
  EXPECT_EQ(measures.size(), 12U);
}

TEST(PlanTest, ABudgetIsPartOfTheKeysOfDefensesAlone) {
  Experiment experiment = toy_experiment();
  add_defense(experiment, "toy", "toy");
  experiment.defense_budget.emplace();
  experiment.defenses[1].granted = {Allowance::steps};
  const auto hashes = [](const Experiment& e) {
    const Plan plan = make_plan(e, toy_catalogue());
    std::vector<std::string> found;
    for (const char* kind : {"victim", "defend", "measure"}) {
      found.push_back(plan.stages[stage_of(plan, plan.cells.back(), kind).value()].hash);
    }
    found.push_back(plan.stages[plan.cells[plan.cells.size() - 2].measure].hash);
    return found;
  };
  const auto original = hashes(experiment);
  std::vector<Experiment> others(4, experiment);
  others[0].defense_budget.reset();
  others[0].defenses[1].granted.clear();
  others[1].defense_budget->tuning_share = 0.5;
  others[2].defense_budget->steps = 8;
  others[3].defenses[1].granted.insert(Allowance::learning_rates);
  std::set<std::string> defends = {original[1]}, measures = {original[2]};
  for (const Experiment& other : others) {
    const auto changed = hashes(other);
    EXPECT_EQ(changed[0], original[0]);
    EXPECT_EQ(changed[3], original[3]) << "the undefended cell";
    defends.insert(changed[1]);
    measures.insert(changed[2]);
  }
  EXPECT_EQ(defends.size(), 5U);
  EXPECT_EQ(measures.size(), 5U);
  // The record names the budget, whatever the defense takes of it.
  experiment.defense_budget->poison_share = 0.2;
  EXPECT_EQ(hashes(experiment)[1], original[1]);
  EXPECT_NE(hashes(experiment)[2], original[2]);
}

TEST(PlanTest, TheNumberOfThreadsIsPartOfTheKeysOfAllThatRunsANetwork) {
  Experiment experiment = toy_experiment();
  experiment.attacks.push_back(AttackChoice{choose(PluginKind::attack, "led")});
  const int before = at::get_num_threads();
  const auto planned = [&](int threads) {
    at::set_num_threads(threads);
    Plan plan = make_plan(experiment, toy_catalogue());
    at::set_num_threads(before);
    return plan;
  };
  const Plan one = planned(1), two = planned(2);
  EXPECT_EQ(one.threads, 1);
  EXPECT_EQ(two.threads, 2);
  ASSERT_EQ(one.stages.size(), two.stages.size());
  for (std::size_t i = 0; i < one.stages.size(); ++i) {
    const Stage& stage = one.stages[i];
    // A poisoning runs no network of its own, but inherits the surrogate's.
    const bool depends = stage.kind() != "poison" || stage.name.find("led") != std::string::npos;
    EXPECT_EQ(stage.hash != two.stages[i].hash, depends) << stage.title();
  }
}

TEST(PlanTest, ADeviceThatIsNotThereEndsThePlanning) {
  Experiment experiment = toy_experiment();
  const Plan automatic = make_plan(experiment, toy_catalogue());
  experiment.device = "cuda:99";
  try {
    make_plan(experiment, toy_catalogue());
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.diagnostics()[0].code, "device.missing");
  }
  if (automatic.device == "cpu") {
    experiment.device = "cpu";
    const Plan plan = make_plan(experiment, toy_catalogue());
    EXPECT_EQ(plan.stages.back().hash, automatic.stages.back().hash) << "found, not named";
  }
}

TEST(PlanTest, GoalsDefaultToThePositiveLabelAndTheOther) {
  Experiment experiment = toy_experiment();
  experiment.attacks.push_back(experiment.attacks[1]);
  experiment.attacks[2].victim_label = "clean";
  const Plan plan = make_plan(experiment, toy_catalogue());
  EXPECT_EQ(plan.goals[0][1].at(0).victim_label, 1);
  EXPECT_EQ(plan.goals[0][1].at(0).target_label, 0);
  EXPECT_EQ(plan.goals[0][2].at(0).victim_label, 0);
  EXPECT_EQ(plan.goals[0][2].at(0).target_label, 1);
}

TEST(PlanTest, RejectsUnknownAndEqualLabels) {
  const auto code = [](const std::string& victim, const std::string& target) {
    Experiment experiment = toy_experiment();
    experiment.attacks[1].victim_label = victim;
    experiment.attacks[1].target_label = target;
    experiment.attacks[1].span = {.file = "x.toml", .line = 4, .column = 1, .source_line = ""};
    try {
      make_plan(experiment, toy_catalogue());
    } catch (const Error& error) {
      EXPECT_EQ(error.diagnostics()[0].span->line, 4);
      EXPECT_THAT(error.diagnostics()[0].notes,
                  testing::ElementsAre(testing::HasSubstr("`clean`, `defective`")));
      return error.diagnostics()[0].code;
    }
    return std::string("no error");
  };
  EXPECT_EQ(code("defectiv", ""), "config.unknown-label");
  EXPECT_EQ(code("", "nothing"), "config.unknown-label");
  EXPECT_EQ(code("clean", "clean"), "config.same-label");
  EXPECT_EQ(code("", "defective"), "config.same-label");
}

TEST(PlanTest, MissingDataEndsThePlanning) {
  Experiment experiment = toy_experiment();
  experiment.tasks[0].settings["folder"] = std::string("/does/not/exist");
  try {
    make_plan(experiment, toy_catalogue());
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.diagnostics()[0].code, "data.missing");
  }
}

}  // namespace
}  // namespace ncmlab
