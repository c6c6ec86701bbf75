// SPDX-License-Identifier: Apache-2.0
#include "engine/configuration.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "toy_experiment.hpp"

namespace ncmlab {
namespace {

std::vector<std::map<std::string, std::string>> configurations(const Experiment& experiment) {
  const Plan plan = make_plan(experiment, toy_catalogue());
  std::vector<std::map<std::string, std::string>> result;
  for (const Cell& cell : plan.cells) {
    result.push_back(configuration_of(plan, cell));
  }
  return result;
}

TEST(ConfigurationTest, IsTheSameForEverySeedAndHoldsNoHashOfOne) {
  Experiment experiment = toy_experiment();
  const auto led = choose(PluginKind::attack, "led");
  experiment.attacks.push_back(AttackChoice{led, "", "", ""});
  const auto one = configurations(experiment);
  experiment.seeds = {2};
  EXPECT_EQ(configurations(experiment), one);
  for (const auto& configuration : one) {
    EXPECT_FALSE(configuration.contains("seed"));
    for (const auto& [name, value] : configuration) {
      EXPECT_FALSE(name.starts_with("upstream.")) << name;
    }
  }
  EXPECT_EQ(std::set(one.begin(), one.end()).size(), one.size()) << "no two cells are the same";
}

TEST(ConfigurationTest, HoldsWhatEveryStageOfACellDependsOn) {
  Experiment base = toy_experiment();
  base.attacks.push_back(AttackChoice{choose(PluginKind::attack, "led"), "", "", ""});
  add_defense(base, "toy", "toy");
  const auto original = configurations(base).back();
  std::vector<Experiment> others(6, base);
  others[0].tasks[0].settings["samples"] = std::int64_t{50};
  others[1].models[0].training.learning_rate = 2e-3;
  others[2].attacks.back().victim_label = "clean";
  others[3].defenses[1].settings["repair"] = true;
  others[4].clean_share = 0.5;
  others[5].attacks.back().surrogate = base.models[0];
  others[5].attacks.back().surrogate->training.epochs = 2;
  for (std::size_t i = 0; i < others.size(); ++i) {
    EXPECT_NE(configurations(others[i]).back(), original) << i;
  }
  EXPECT_EQ(configurations(others[5]).back().at("surrogate.training.epochs"), "2");
  EXPECT_EQ(configurations(others[5]).back().at("training.epochs"), "1");
}

TEST(ConfigurationTest, WhatABudgetGrantsIsTheDefensesAffair) {
  Experiment experiment = toy_experiment();
  add_defense(experiment, "toy", "toy");
  add_defense(experiment, "spy", "spy");
  experiment.defense_budget.emplace();
  experiment.defenses[1].granted = {Allowance::steps};
  experiment.defenses[2].granted = {Allowance::poison_share};
  const Plan plan = make_plan(experiment, toy_catalogue());
  const auto none = configuration_of(plan, plan.cells[0]);
  for (const std::size_t cell : {1, 2}) {
    bool has_budget = false;
    for (const auto& [name, value] : configuration_of(plan, plan.cells[cell])) {
      has_budget |= name.starts_with("defense budget");
      EXPECT_TRUE(none.contains(name) || name.starts_with("defense"))
          << name << " would part the rows of one table";
    }
    EXPECT_TRUE(has_budget);
  }
}

}  // namespace
}  // namespace ncmlab
