// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "config/experiment.hpp"
#include "ncmlab/core/wording.hpp"
#include "ncmlab/plugin/defense.hpp"
#include "ncmlab/plugin/model.hpp"
#include "ncmlab/plugin/surrogate_attack.hpp"
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
                     .span = attack.span,
                     .help = similar_name("label", label, names)};
  problem.notes.push_back("the task's labels are " + ticked_list(names));
  problems.push_back(std::move(problem));
}

// Runs `work`; what it throws is added to `problems` with the place of `choice`.
template <typename Work>
void attempt(const PluginChoice& choice, std::vector<Diagnostic>& problems, const Work& work) {
  const auto add = [&](Diagnostic problem) {
    if (!problem.span && choice.span.line > 0) {
      problem.span = choice.span;
    }
    problems.push_back(std::move(problem));
  };
  try {
    work();
  } catch (const Error& error) {
    for (const Diagnostic& problem : error.diagnostics()) {
      add(problem);
    }
  }
}

template <typename Choices>
void create_all(const Choices& choices, const Catalogue& catalogue,
                std::vector<Diagnostic>& problems) {
  for (const PluginChoice& choice : choices) {
    attempt(choice, problems,
            [&] { catalogue.create<Plugin>(choice.kind, choice.plugin, choice.settings); });
  }
}

void check_attack(const AttackChoice& choice, const Catalogue& catalogue,
                  std::vector<Diagnostic>& problems) {
  attempt(choice, problems, [&] {
    const auto plugin = catalogue.create<Plugin>(choice.kind, choice.plugin, choice.settings);
    if (choice.surrogate && dynamic_cast<const SurrogateAttack*>(plugin.get()) == nullptr) {
      throw Error("config.unused-surrogate",
                  "attack `" + choice.label + "` has a `surrogate`, but does not use one",
                  {"remove `surrogate`"});
    }
  });
  if (choice.surrogate) {
    create_all(std::vector<ModelChoice>{*choice.surrogate}, catalogue, problems);
  }
}

void check_defense(const DefenseChoice& choice, const Experiment& experiment,
                   const Catalogue& catalogue, std::vector<Diagnostic>& problems) {
  attempt(choice, problems, [&] {
    const auto plugin = catalogue.create<Plugin>(choice.kind, choice.plugin, choice.settings);
    const auto* defense = dynamic_cast<const Defense*>(plugin.get());
    if (defense != nullptr && defense->needs().masked_model &&
        experiment.language_model.masked.empty()) {
      throw Error("config.no-masked-model",
                  "defense `" + choice.label +
                      "` needs a masked language model, but the experiment names none",
                  {"write `[language_model]` with `masked = \"FOLDER\"`; `ncmlab pretrain` makes "
                   "such a folder"});
    }
  });
}

}  // namespace

void check_experiment(const Experiment& experiment, const Catalogue& catalogue) {
  std::vector<Diagnostic> problems;
  for (const PluginChoice& choice : experiment.tasks) {
    attempt(choice, problems, [&] {
      const auto task = catalogue.create<Task>(choice.kind, choice.plugin, choice.settings);
      if (task->kind() == TaskKind::retrieval) {
        return;
      }
      const std::vector<std::string> names = task->label_names();
      for (const AttackChoice& attack : experiment.attacks) {
        check_label(attack, "victim_label", attack.victim_label, choice, names, problems);
        check_label(attack, "target_label", attack.target_label, choice, names, problems);
      }
    });
  }
  create_all(experiment.models, catalogue, problems);
  for (const AttackChoice& attack : experiment.attacks) {
    check_attack(attack, catalogue, problems);
  }
  for (const DefenseChoice& defense : experiment.defenses) {
    check_defense(defense, experiment, catalogue, problems);
  }
  if (!problems.empty()) {
    throw Error(std::move(problems));
  }
}

}  // namespace ncmlab
