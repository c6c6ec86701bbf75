// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <boost/program_options/value_semantic.hpp>
#include <filesystem>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>

#include "command.hpp"
#include "core/printable.hpp"
#include "engine/console_progress.hpp"
#include "engine/measure_stage.hpp"
#include "engine/plan.hpp"
#include "engine/plan_json.hpp"
#include "engine/stage_kind.hpp"
#include "engine/survey.hpp"
#include "ncmlab/core/files.hpp"
#include "ncmlab/core/wording.hpp"
#include "report/text.hpp"
#include "running.hpp"

namespace ncmlab::app {
namespace {

namespace po = boost::program_options;
using nlohmann::json;

Syntax plan_syntax() {
  Syntax syntax{
      .usage = "ncmlab plan FILE [OPTIONS]",
      .summary =
          "Lists the cells of an experiment and the stages that they share, what the store\n"
          "holds of them, and why the rest is to be run. Runs nothing.",
      .examples =
          "  ncmlab plan experiments/quickstart.toml\n"
          "  ncmlab plan experiments/quickstart.toml --json\n"
          "  ncmlab plan experiments/quickstart.toml --out quickstart-plan.json",
      .positional = {"FILE"}};
  syntax.options.add_options()
      // clang-format off
      ("store", po::value<std::string>()->value_name("DIR")->default_value("ncmlab-runs"),
       "where results are kept")
      ("json", po::bool_switch(), "print one JSON object")
      ("out", po::value<std::string>()->value_name("PLAN.json"),
       "also write the plan, for `ncmlab run PLAN.json`, here or on another machine");
  // clang-format on
  add_threads_option(syntax);
  add_device_option(syntax);
  add_limit_option(syntax);
  return syntax;
}

using Counts = std::map<StageState, std::size_t>;

std::map<std::string, Counts> count_by_kind(const Plan& plan,
                                            const std::vector<StageSurvey>& surveys) {
  std::map<std::string, Counts> counts;
  for (std::size_t i = 0; i < surveys.size(); ++i) {
    ++counts[plan.stages[i].kind()][surveys[i].state];
  }
  return counts;
}

void print_summary(const Plan& plan, const std::vector<StageSurvey>& surveys) {
  const Experiment& e = plan.experiment;
  std::cout << e.name << ": " << counted(plan.cells.size(), "cell") << " = "
            << counted(e.tasks.size(), "task") << " x " << counted(e.models.size(), "model")
            << " x " << counted(e.attacks.size(), "attack") << " x "
            << counted(e.defenses.size(), "defense") << " x " << counted(e.seeds.size(), "seed")
            << "\n"
            << counted(static_cast<std::size_t>(plan.threads), "thread") << "; clean samples: "
            << (e.clean_share == 0 ? "none"
                                   : to_toml(e.clean_share) + " of the training set, " +
                                         (e.clean_from == CleanSource::training
                                              ? "which still holds them (clean_from = training)"
                                              : "held out of it"))
            << "\n"
            << (e.defense_budget ? "budget of defenses: " + in_words(*e.defense_budget) + "\n" : "")
            << "\n"
            << "stage      cached  to run  possible\n";
  std::map<std::string, Counts> counts = count_by_kind(plan, surveys);
  for (const StageKind& kind : stage_kinds()) {
    const std::string name(kind.name);
    Counts& count = counts[name];
    std::cout << pad_right(name, 11) << pad_right(std::to_string(count[StageState::cached]), 8)
              << pad_right(std::to_string(count[StageState::pending]), 8)
              << count[StageState::possible] << "\n";
  }
  const RunSize size = size_of(plan, surveys);
  double seconds = 0;
  for (const auto& [kind, count] : size.pending) {
    const auto known = size.seconds.find(kind);
    seconds += known == size.seconds.end() ? 0 : known->second * static_cast<double>(count);
  }
  if (seconds > 0) {
    std::cout << "\nabout " << clock_text(seconds) << " by the times of the stored stages\n";
  }
}

void print_stage(const StageSurvey& survey, const std::string& name) {
  std::cout << "  " << pad_right(std::string(to_string(survey.state)), 9) << printable(name);
  if (!survey.reasons.empty()) {
    std::cout << ": " << printable(joined(survey.reasons, "; "));
  }
  std::cout << "\n";
}

void print_text(const Plan& plan, const std::vector<StageSurvey>& surveys) {
  print_summary(plan, surveys);
  std::cout << "\nStages:\n";
  for (const StageKind& kind : stage_kinds()) {
    for (std::size_t i = 0; i < surveys.size(); ++i) {
      const StageSurvey& survey = surveys[i];
      const bool is_listed =
          survey.state == StageState::cached || survey.state == StageState::pending;
      // What a record is read from stands among the cells.
      if (is_listed && plan.stages[i].kind() == kind.name && kind.name != kMeasureStage.name) {
        const bool is_shared = survey.cells > 1;
        print_stage(survey, plan.stages[i].title() +
                                (is_shared ? " (" + counted(survey.cells, "cell") + ")" : ""));
      }
    }
  }
  std::cout << "\nCells (task, model, attack, defense, seed):\n";
  for (const Cell& cell : plan.cells) {
    print_stage(surveys[cell.measure], plan.stages[cell.measure].name);
  }
}

json to_object(const Plan& plan, const std::vector<StageSurvey>& surveys) {
  json stages = json::array();
  for (std::size_t i = 0; i < surveys.size(); ++i) {
    const Stage& stage = plan.stages[i];
    stages.push_back({{"stage", stage.kind()},
                      {"name", stage.name},
                      {"key", stage.hash},
                      {"state", to_string(surveys[i].state)},
                      {"reasons", surveys[i].reasons},
                      {"cells", surveys[i].cells}});
  }
  json cells = json::array();
  for (const IndexedCell& cell : index_of(plan, "").cells) {
    const std::size_t i = cells.size();
    cells.push_back({{"key", cell.key},
                     {"task", cell.task},
                     {"model", cell.model},
                     {"attack", cell.attack},
                     {"defense", cell.defense},
                     {"seed", cell.seed},
                     {"state", to_string(surveys[plan.cells[i].measure].state)}});
  }
  return {
      {"experiment", plan.experiment.name},
      {"threads", plan.threads},
      {"clean_share", plan.experiment.clean_share},
      {"clean_from", to_string(plan.experiment.clean_from)},
      {"defense_budget",
       plan.experiment.defense_budget ? json(in_words(*plan.experiment.defense_budget)) : json()},
      {"cells", std::move(cells)},
      {"stages", std::move(stages)}};
}

}  // namespace

int command_plan(const Arguments& arguments) {
  const Syntax syntax = plan_syntax();
  const auto values = parse(arguments, syntax);
  if (!values) {
    return kOk;
  }
  const std::string file = required_word(*values, "FILE", syntax);
  set_threads(*values);
  const Plugins plugins = load_plugins(arguments);
  const Plan plan = open_plan(file, plugins, *values);
  const Store store((*values)["store"].as<std::string>());
  const std::vector<StageSurvey> surveys = survey(plan, store);
  if (values->count("out") > 0) {
    const auto out = (*values)["out"].as<std::string>();
    if (std::filesystem::path(out).extension() != ".json") {
      throw Error("usage.bad-value", "a plan's file ends in `.json`, found `" + out + "`");
    }
    write_output_file(out, to_json(plan));
  }
  if ((*values)["json"].as<bool>()) {
    std::cout << to_object(plan, surveys).dump(2) << "\n";
  } else {
    print_text(plan, surveys);
  }
  return kOk;
}

}  // namespace ncmlab::app
