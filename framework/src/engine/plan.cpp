// SPDX-License-Identifier: Apache-2.0
#include "engine/plan.hpp"

#include <ATen/Parallel.h>

#include <algorithm>
#include <map>
#include <unordered_map>
#include <utility>

#include "ncmlab/core/diagnostic.hpp"
#include "ncmlab/nn/device.hpp"
#include "ncmlab/plugin/surrogate_attack.hpp"

namespace ncmlab {
namespace {

std::string with_ticks(const std::vector<std::string>& names) {
  std::string list;
  for (const std::string& name : names) {
    list += (list.empty() ? "`" : ", `") + name + "`";
  }
  return list;
}

std::int64_t label_named(const std::string& name, const std::vector<std::string>& names,
                         const AttackChoice& attack, const PluginChoice& task) {
  const auto found = std::ranges::find(names, name);
  if (found != names.end()) {
    return found - names.begin();
  }
  Diagnostic diagnostic{.code = "config.unknown-label",
                        .message = "attack `" + attack.label + "`: task `" + task.label +
                                   "` has no label `" + name + "`"};
  if (attack.span.line > 0) {
    diagnostic.span = attack.span;
  }
  if (const auto similar = suggest(name, names)) {
    diagnostic.help.push_back("a label with a similar name exists: `" + *similar + "`");
  }
  diagnostic.notes.push_back("the labels are " + with_ticks(names));
  throw Error(std::move(diagnostic));
}

AttackGoal resolve_goal(const AttackChoice& attack, const PluginChoice& choice, const Task& task) {
  const std::vector<std::string> names = task.label_names();
  AttackGoal goal;
  if (task.kind() == TaskKind::retrieval) {
    goal.target_word = attack.target_word.empty() ? task.target_word() : attack.target_word;
    return goal;
  }
  goal.victim_label = attack.victim_label.empty()
                          ? task.positive_label()
                          : label_named(attack.victim_label, names, attack, choice);
  goal.target_label = attack.target_label.empty()
                          ? (goal.victim_label + 1) % std::max<std::int64_t>(1, std::ssize(names))
                          : label_named(attack.target_label, names, attack, choice);
  if (goal.victim_label == goal.target_label) {
    Diagnostic diagnostic{
        .code = "config.same-label",
        .message = "attack `" + attack.label + "`: victim and target label are the same"};
    if (attack.span.line > 0) {
      diagnostic.span = attack.span;
    }
    diagnostic.notes.push_back("the labels of task `" + choice.label + "` are " +
                               with_ticks(names));
    throw Error(std::move(diagnostic));
  }
  return goal;
}

/// A setting as keys hold it. What is in the files of tasks and models counts, not where they are:
/// that is in the keys as data_fingerprint().
std::string in_key(PluginKind kind, const Parameter& parameter, const Value& value) {
  const bool is_fingerprinted = kind == PluginKind::task || kind == PluginKind::model;
  return is_fingerprinted && names_file(parameter, value) ? "files" : to_toml(value);
}

/// Adds plugin, version, library and the settings that affect results. Names of settings stand
/// after `kind.`, the others after `kind `: no setting can be called like one of them.
void add_plugin(Key& key, const PluginChoice& choice, const Catalogue& catalogue) {
  const LoadedPlugin* loaded = catalogue.find(choice.kind, choice.plugin);
  if (loaded == nullptr) {
    throw Error("plugin.unknown",
                "there is no " + std::string(to_string(choice.kind)) + " `" + choice.plugin + "`");
  }
  const std::string kind(to_string(choice.kind));
  key.add(kind + " plugin", choice.plugin);
  key.add(kind + " version", loaded->entry.version);
  key.add(kind + " library", loaded->file_digest);
  for (const Parameter& parameter : loaded->entry.parameters) {
    const auto value = choice.settings.find(parameter.name);
    if (parameter.affects_result && value != choice.settings.end()) {
      key.add(kind + "." + parameter.name, in_key(choice.kind, parameter, value->second));
    }
  }
}

void add_training(Key& key, const TrainingOptions& training) {
  const auto add = [&](const char* name, const Value& value) {
    key.add(std::string("training.") + name, to_toml(value));
  };
  add("epochs", training.epochs);
  if (training.epochs == 0) {
    return;
  }
  add("learning_rate", training.learning_rate);
  add("adam_eps", training.adam_eps);
  add("weight_decay", training.weight_decay);
  add("warmup", training.warmup);
  add("max_grad_norm", training.max_grad_norm);
  add("batch_size", training.batch_size);
  add("accumulation", training.accumulation);
  add("precision", training.precision);
  add("early_stopping", training.early_stopping);
  if (training.early_stopping > 0) {
    add("stopping_metric", training.stopping_metric);
  }
  add("head_only", training.head_only);
}

class Planner {
 public:
  Planner(Experiment experiment, const Catalogue& catalogue) : catalogue_(catalogue) {
    plan_.experiment = std::move(experiment);
    plan_.device = find_device(plan_.experiment.device);
    plan_.threads = at::get_num_threads();
  }

  Plan run() {
    create_plugins();
    const Experiment& e = plan_.experiment;
    for (std::size_t task = 0; task < e.tasks.size(); ++task) {
      for (std::size_t model = 0; model < e.models.size(); ++model) {
        for (std::size_t attack = 0; attack < e.attacks.size(); ++attack) {
          for (std::size_t defense = 0; defense < e.defenses.size(); ++defense) {
            for (const std::int64_t seed : e.seeds) {
              add_cell({.task = task,
                        .model = model,
                        .attack = attack,
                        .defense = defense,
                        .seed = seed});
            }
          }
        }
      }
    }
    return std::move(plan_);
  }

 private:
  template <typename Interface, typename Choice>
  void create(std::vector<std::shared_ptr<Interface>>& plugins,
              const std::vector<Choice>& choices) {
    for (const Choice& choice : choices) {
      plugins.push_back(catalogue_.create<Interface>(choice.kind, choice.plugin, choice.settings));
    }
  }

  void create_plugins() {
    const Experiment& e = plan_.experiment;
    create(plan_.tasks, e.tasks);
    create(plan_.models, e.models);
    create(plan_.attacks, e.attacks);
    create(plan_.defenses, e.defenses);
    for (std::size_t task = 0; task < e.tasks.size(); ++task) {
      task_data_.push_back(plan_.tasks[task]->data_fingerprint());
      const TaskView view(*plan_.tasks[task]);
      std::vector<std::vector<AttackGoal>> goals;
      for (std::size_t attack = 0; attack < e.attacks.size(); ++attack) {
        const AttackGoal given = resolve_goal(e.attacks[attack], e.tasks[task], *plan_.tasks[task]);
        goals.push_back(plan_.attacks[attack]->goals(given, view));
      }
      plan_.goals.push_back(std::move(goals));
    }
    for (const auto& model : plan_.models) {
      model_data_.push_back(model->data_fingerprint());
    }
    create_surrogates();
  }

  /// An attack that names no surrogate gets the first model of the experiment.
  void create_surrogates() {
    Experiment& e = plan_.experiment;
    for (std::size_t attack = 0; attack < e.attacks.size(); ++attack) {
      std::optional<ModelChoice>& choice = e.attacks[attack].surrogate;
      if (dynamic_cast<const SurrogateAttack*>(plan_.attacks[attack].get()) == nullptr) {
        choice.reset();
        plan_.surrogates.emplace_back();
        surrogate_data_.emplace_back();
        continue;
      }
      choice = choice.value_or(e.models.front());
      plan_.surrogates.push_back(
          catalogue_.create<Model>(choice->kind, choice->plugin, choice->settings));
      surrogate_data_.push_back(plan_.surrogates.back()->data_fingerprint());
    }
  }

  void add_corpus(Key& key, const Cell& cell) const {
    add_plugin(key, plan_.experiment.tasks[cell.task], catalogue_);
    key.add("task files", task_data_[cell.task]);
    if (plan_.experiment.limit > 0) {
      key.add("limit", std::to_string(plan_.experiment.limit));
    }
    key.add("seed", std::to_string(cell.seed));
    key.add("clean_from", std::string(to_string(plan_.experiment.clean_from)));
    if (plan_.experiment.clean_from == CleanSource::held_out) {
      add_clean_share(key);
    }
  }

  void add_clean_share(Key& key) const {
    key.add("clean_share", to_toml(plan_.experiment.clean_share));
  }

  void add_attack(Key& key, const Cell& cell) const {
    add_plugin(key, plan_.experiment.attacks[cell.attack], catalogue_);
    std::string goals;
    for (const AttackGoal& goal : plan_.goals[cell.task][cell.attack]) {
      goals += (goals.empty() ? "" : ", ") +
               (goal.target_word.empty()
                    ? std::to_string(goal.victim_label) + "->" + std::to_string(goal.target_label)
                    : "`" + goal.target_word + "`");
    }
    key.add("attack goals", goals);
  }

  void add_model(Key& key, const ModelChoice& choice, const std::string& data) const {
    add_plugin(key, choice, catalogue_);
    key.add("model files", data);
    add_training(key, choice.training);
  }

  std::size_t add_stage(Key key, std::string name) {
    std::string hash = key.hash();
    const auto [entry, is_new] = index_.try_emplace(hash, plan_.stages.size());
    if (is_new) {
      plan_.stages.push_back(
          {.key = std::move(key), .hash = std::move(hash), .name = std::move(name)});
    }
    return entry->second;
  }

  /// A key with what every stage of the cell depends on.
  Key start(const std::string& stage, const Cell& cell) const {
    Key key(stage);
    add_software(key);
    add_corpus(key, cell);
    return key;
  }

  /// The same for a stage that runs a network: round-off is the device's and the threads', dropout
  /// the device's.
  Key start_on_device(const std::string& stage, const Cell& cell) const {
    Key key = start(stage, cell);
    key.add("device", at::DeviceTypeName(plan_.device.type(), /*lower_case=*/true));
    key.add("threads", std::to_string(plan_.threads));
    return key;
  }

  void add_upstream(Key& key, std::size_t stage) const {
    key.add("upstream." + plan_.stages[stage].key.stage(), plan_.stages[stage].hash);
  }

  void add_poison(Cell& cell, const std::string& name) {
    const auto& surrogate = plan_.experiment.attacks[cell.attack].surrogate;
    Key key = start("poison", cell);
    add_attack(key, cell);
    if (surrogate) {
      Key model = start_on_device("surrogate", cell);
      add_model(model, *surrogate, surrogate_data_[cell.attack]);
      cell.surrogate = add_stage(std::move(model), surrogate->label + " for " + name);
      add_upstream(key, *cell.surrogate);
    }
    cell.poison = add_stage(std::move(key), name);
  }

  void add_cell(Cell cell) {
    const Experiment& e = plan_.experiment;
    const std::string seed = ", seed " + std::to_string(cell.seed);
    const std::string& task = e.tasks[cell.task].label;
    const std::string& attack = e.attacks[cell.attack].label;
    const std::string victim = task + ", " + e.models[cell.model].label + ", ";
    const std::string full = victim + attack + ", " + e.defenses[cell.defense].label + seed;

    cell.supported = plan_.defenses[cell.defense]->supports(plan_.tasks[cell.task]->kind());
    const bool attacked = plan_.attacks[cell.attack]->has_trigger();
    if (attacked) {
      add_poison(cell, task + ", " + attack + seed);
    }
    // What is not trained does not depend on the training set, so all attacks share it.
    const bool trained_on_poison = attacked && e.models[cell.model].training.epochs > 0;
    Key key = start_on_device("victim", cell);
    add_model(key, e.models[cell.model], model_data_[cell.model]);
    if (trained_on_poison) {
      add_upstream(key, *cell.poison);
    }
    cell.victim = add_stage(std::move(key), victim + (trained_on_poison ? attack : "clean") + seed);

    Key defend = start_on_device("defend", cell);
    add_plugin(defend, e.defenses[cell.defense], catalogue_);
    if (e.clean_from == CleanSource::training) {
      add_clean_share(defend);
    }
    if (attacked) {
      add_upstream(defend, *cell.poison);
    }
    add_upstream(defend, cell.victim);
    cell.defend = add_stage(std::move(defend), full);

    Key retrain = start_on_device("retrain", cell);
    add_upstream(retrain, cell.defend);
    cell.retrain = add_stage(std::move(retrain), full);

    Key measure = start_on_device("measure", cell);
    add_attack(measure, cell);
    add_upstream(measure, cell.defend);
    cell.measure = add_stage(std::move(measure), full);
    plan_.cells.push_back(cell);
  }

  const Catalogue& catalogue_;
  Plan plan_;
  std::vector<std::string> task_data_, model_data_, surrogate_data_;
  std::unordered_map<std::string, std::size_t> index_;
};

}  // namespace

Plan make_plan(Experiment experiment, const Catalogue& catalogue) {
  return Planner(std::move(experiment), catalogue).run();
}

RunIndex index_of(const Plan& plan, std::string source) {
  const Experiment& e = plan.experiment;
  RunIndex index{.name = e.name,
                 .description = e.description,
                 .file = e.file.string(),
                 .source = std::move(source),
                 .limit = e.limit};
  for (const Cell& cell : plan.cells) {
    index.cells.push_back({.key = plan.stages[cell.measure].hash,
                           .task = e.tasks[cell.task].label,
                           .model = e.models[cell.model].label,
                           .attack = e.attacks[cell.attack].label,
                           .defense = e.defenses[cell.defense].label,
                           .seed = cell.seed});
  }
  return index;
}

}  // namespace ncmlab
