// SPDX-License-Identifier: Apache-2.0
#include "attack_choice.hpp"

#include <algorithm>

#include "ncmlab/core/diagnostic.hpp"
#include "ncmlab/core/wording.hpp"

namespace ncmlab::app {
namespace {

using Values = boost::program_options::variables_map;

template <typename Choices>
std::vector<std::string> labels_of(const Choices& choices) {
  std::vector<std::string> labels;
  for (const auto& choice : choices) {
    labels.push_back(choice.label);
  }
  return labels;
}

/// The place among `names` of what option `option` names; 0 where it is not given.
std::size_t choose(const Values& values, const std::string& option,
                   const std::vector<std::string>& names) {
  if (values.count(option) == 0) {
    return 0;
  }
  const auto name = values[option].as<std::string>();
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) {
    std::vector<std::string> help = similar_name(option, name, names);
    help.push_back("there are " + ticked_list(names));
    throw Error("usage.unknown-choice", "the experiment has no " + option + " `" + name + "`",
                std::move(help));
  }
  return static_cast<std::size_t>(found - names.begin());
}

std::size_t choose_attack(const Plan& plan, const Values& values) {
  std::vector<std::string> names;
  std::vector<std::size_t> places;
  for (const Cell& cell : plan.cells) {
    const std::size_t attack = cell.subject.attack;
    const bool is_known = std::find(places.begin(), places.end(), attack) != places.end();
    if (!is_known && stage_of(plan, cell, "poison")) {
      names.push_back(plan.experiment.attacks[attack].label);
      places.push_back(attack);
    }
  }
  if (names.empty()) {
    throw Error("usage.no-attack", "the experiment has no attack besides `none`");
  }
  if (names.size() > 1 && values.count("attack") == 0) {
    throw Error("usage.missing-argument", "the experiment has several attacks",
                {"name one with `--attack`: " + ticked_list(names)});
  }
  return places[choose(values, "attack", names)];
}

}  // namespace

Cell choose_attack_cell(const Plan& plan, const Values& values) {
  const Experiment& experiment = plan.experiment;
  const std::size_t attack = choose_attack(plan, values);
  const std::size_t task = choose(values, "task", labels_of(experiment.tasks));
  const std::size_t model =
      values.count("model") == 0 ? 0 : choose(values, "model", labels_of(experiment.models));
  const std::int64_t seed =
      values.count("seed") == 0 ? experiment.seeds.front() : values["seed"].as<std::int64_t>();
  const auto found = std::find_if(plan.cells.begin(), plan.cells.end(), [&](const Cell& cell) {
    const Subject& subject = cell.subject;
    return subject.attack == attack && subject.task == task && subject.model == model &&
           subject.seed == seed;
  });
  if (found == plan.cells.end()) {
    std::vector<std::string> seeds;
    for (const std::int64_t known : experiment.seeds) {
      seeds.push_back(std::to_string(known));
    }
    throw Error("usage.unknown-choice", "the experiment has no seed " + std::to_string(seed),
                {"there are " + ticked_list(seeds)});
  }
  return *found;
}

}  // namespace ncmlab::app
