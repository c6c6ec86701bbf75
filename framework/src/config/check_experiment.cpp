// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "config/experiment.hpp"
#include "ncmlab/plugin/task.hpp"

namespace ncmlab {
namespace {

void check_label(const AttackChoice& attack, const std::string& key, const std::string& label,
                 const PluginChoice& task, const std::vector<std::string>& names,
                 std::vector<Diagnostic>& problems) {
  if (label.empty() || std::find(names.begin(), names.end(), label) != names.end()) {
    return;
  }
  Diagnostic problem{.code = "config.unknown-label",
                     .message = "`" + key + "` of attack `" + attack.label + "` is `" + label +
                                "`, which is no label of task `" + task.label + "`",
                     .span = attack.span};
  if (const auto near = suggest(label, names)) {
    problem.help.push_back("similar: `" + *near + "`");
  }
  std::string all;
  for (const std::string& name : names) {
    all += (all.empty() ? "`" : ", `") + name + "`";
  }
  problem.notes.push_back("the task's labels are " + all);
  problems.push_back(std::move(problem));
}

}  // namespace

void check_experiment(const Experiment& experiment, const Catalogue& catalogue) {
  std::vector<Diagnostic> problems;
  for (const PluginChoice& choice : experiment.tasks) {
    const auto task = catalogue.create<Task>(choice.kind, choice.plugin, choice.settings);
    const std::vector<std::string> names = task->label_names();
    for (const AttackChoice& attack : experiment.attacks) {
      check_label(attack, "victim_label", attack.victim_label, choice, names, problems);
      check_label(attack, "target_label", attack.target_label, choice, names, problems);
    }
  }
  for (const ModelChoice& choice : experiment.models) {
    catalogue.create<Plugin>(choice.kind, choice.plugin, choice.settings);
  }
  for (const AttackChoice& choice : experiment.attacks) {
    catalogue.create<Plugin>(choice.kind, choice.plugin, choice.settings);
  }
  for (const PluginChoice& choice : experiment.defenses) {
    catalogue.create<Plugin>(choice.kind, choice.plugin, choice.settings);
  }
  if (!problems.empty()) {
    throw Error(std::move(problems));
  }
}

}  // namespace ncmlab
