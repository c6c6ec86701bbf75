// SPDX-License-Identifier: Apache-2.0
#include "engine/planner.hpp"

#include <ATen/Parallel.h>

#include <algorithm>

#include "config/language_model_place.hpp"
#include "core/hash_folder.hpp"
#include "data/source_texts.hpp"
#include "engine/stage_kind.hpp"
#include "ncmlab/core/diagnostic.hpp"
#include "ncmlab/core/wording.hpp"
#include "ncmlab/networks/device.hpp"
#include "ncmlab/plugin/surrogate_attack.hpp"

namespace ncmlab {
namespace {

std::int64_t label_named(const std::string& name, const std::vector<std::string>& names,
                         const AttackChoice& attack, const PluginChoice& task) {
  const auto found = std::ranges::find(names, name);
  if (found != names.end()) {
    return found - names.begin();
  }
  Diagnostic diagnostic{.code = "config.unknown-label",
                        .message = "attack `" + attack.label + "`: task `" + task.label +
                                   "` has no label `" + name + "`",
                        .help = similar_name("label", name, names)};
  if (attack.span.line > 0) {
    diagnostic.span = attack.span;
  }
  diagnostic.notes.push_back("the labels are " + ticked_list(names));
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
                               ticked_list(names));
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
  add("precision", std::string(to_string(training.precision)));
  add("early_stopping", training.early_stopping);
  if (training.early_stopping > 0) {
    add("stopping_metric", std::string(to_string(training.stopping_metric)));
  }
  add("head_only", training.head_only);
}

/// What a plugin's files hold, asked for once.
template <typename Plugin>
const std::string& files_of(std::map<std::size_t, std::string>& known, std::size_t i,
                            const Plugin& plugin) {
  const auto [entry, is_new] = known.try_emplace(i);
  if (is_new) {
    entry->second = plugin.data_fingerprint();
  }
  return entry->second;
}

}  // namespace

Planner::Planner(Plan& plan, const Catalogue& catalogue)
    : plan_(plan), catalogue_(catalogue), plugins_(plan.experiment, catalogue) {
  plan_.device = find_device(plan_.experiment.device).str();
  plan_.threads = at::get_num_threads();
  choose_surrogates();
  resolve_goals();
}

/// An attack that asks for a surrogate and names none gets the first model of the experiment.
void Planner::choose_surrogates() {
  Experiment& e = plan_.experiment;
  for (std::size_t i = 0; i < e.attacks.size(); ++i) {
    std::optional<ModelChoice>& choice = e.attacks[i].surrogate;
    if (dynamic_cast<const SurrogateAttack*>(&plugins_.attack(i)) == nullptr) {
      choice.reset();
    } else if (!choice) {
      choice = e.models.front();
    }
  }
}

void Planner::resolve_goals() {
  const Experiment& e = plan_.experiment;
  for (std::size_t task = 0; task < e.tasks.size(); ++task) {
    const TaskView view(plugins_.task(task));
    auto& goals = plan_.goals.emplace_back();
    for (std::size_t attack = 0; attack < e.attacks.size(); ++attack) {
      const AttackGoal given = resolve_goal(e.attacks[attack], e.tasks[task], plugins_.task(task));
      goals.push_back(plugins_.attack(attack).goals(given, view));
    }
  }
}

std::optional<std::size_t> Planner::control() {
  for (std::size_t i = 0; i < plan_.experiment.attacks.size(); ++i) {
    if (!has_trigger(i)) {
      return i;
    }
  }
  return std::nullopt;
}

std::size_t Planner::stage(std::string_view kind, const Subject& subject) {
  std::pair asked(std::string(kind), subject);
  if (const auto found = known_.find(asked); found != known_.end()) {
    return found->second;
  }
  StageDraft draft = stage_kind(kind).plan(*this, subject);
  for (const Edge& edge : draft.needs) {
    // What else is there depends on the objects of these.
    if (!edge.when) {
      draft.key.add("upstream." + edge.role, plan_.stages[edge.stage].hash);
    }
  }
  std::string hash = draft.key.hash();
  const auto [entry, is_new] = by_hash_.try_emplace(hash, plan_.stages.size());
  if (is_new) {
    plan_.stages.push_back({.subject = subject,
                            .key = std::move(draft.key),
                            .hash = std::move(hash),
                            .name = std::move(draft.name),
                            .needs = std::move(draft.needs)});
  }
  known_.emplace(std::move(asked), entry->second);
  return entry->second;
}

Key Planner::key(std::string_view kind, const Subject& subject) {
  const Experiment& e = plan_.experiment;
  Key key{std::string(kind)};
  add_software(key);
  add_plugin(key, e.tasks[subject.task]);
  key.add("task files", files_of(task_files_, subject.task, plugins_.task(subject.task)));
  if (e.limit > 0) {
    key.add("limit", std::to_string(e.limit));
  }
  key.add("seed", std::to_string(subject.seed));
  key.add("clean_from", std::string(to_string(e.clean_from)));
  if (e.clean_from == CleanSource::held_out) {
    add_clean_share(key);
  }
  return key;
}

Key Planner::key_on_device(std::string_view kind, const Subject& subject) {
  Key result = key(kind, subject);
  result.add("device", at::DeviceTypeName(at::Device(plan_.device).type(), /*lower_case=*/true));
  result.add("threads", std::to_string(plan_.threads));
  return result;
}

void Planner::add_clean_share(Key& key) const {
  key.add("clean_share", to_toml(plan_.experiment.clean_share));
}

void Planner::add_model(Key& key, std::size_t model) {
  add_model(key, plan_.experiment.models[model],
            files_of(model_files_, model, plugins_.model(model)));
}

void Planner::add_surrogate(Key& key, std::size_t attack) {
  add_model(key, *plan_.experiment.attacks[attack].surrogate,
            files_of(surrogate_files_, attack, plugins_.surrogate(attack)));
}

void Planner::add_model(Key& key, const ModelChoice& choice, const std::string& files) const {
  add_plugin(key, choice);
  key.add("model files", files);
  add_training(key, choice.training);
}

void Planner::add_attack(Key& key, const Subject& subject) const {
  add_plugin(key, plan_.experiment.attacks[subject.attack]);
  const auto goal_text = [](const AttackGoal& goal) {
    return goal.target_word.empty()
               ? std::to_string(goal.victim_label) + "->" + std::to_string(goal.target_label)
               : "`" + goal.target_word + "`";
  };
  key.add("attack goals", joined(plan_.goals[subject.task][subject.attack], ", ", goal_text));
}

void Planner::add_defense(Key& key, std::size_t defense) {
  const DefenseChoice& choice = plan_.experiment.defenses[defense];
  add_plugin(key, choice);
  if (const auto& budget = plan_.experiment.defense_budget) {
    key.add("defense budget_tuning_share", to_toml(budget->tuning_share));
    for (const Allowance allowance : choice.granted) {
      key.add("defense budget_" + std::string(to_string(allowance)),
              to_toml(allowed(*budget, allowance)));
    }
  }
  add_language_models(key, plugins_.defense(defense).needs());
}

void Planner::add_language_models(Key& key, const DefenseNeeds& needs) {
  const LanguageModelChoice& choice = plan_.experiment.language_model;
  if (needs.ngram_model) {
    key.add("defense ngram_order", std::to_string(choice.order));
    if (!choice.corpus.empty()) {
      if (corpus_files_.empty()) {
        corpus_files_ = at_place_of(choice, "corpus", [&] {
          return fingerprint(SourceTexts{choice.corpus, choice.field});
        });
      }
      key.add("defense ngram_corpus", corpus_files_);
    }
  }
  if (needs.masked_model && !choice.masked.empty()) {
    if (masked_files_.empty()) {
      Hasher hasher;
      at_place_of(choice, "masked", [&] { hash_folder(choice.masked, hasher); });
      masked_files_ = hasher.hex();
    }
    key.add("defense masked_model", masked_files_);
  }
}

/// Adds plugin, version, library and the settings that affect results. Names of settings stand
/// after `kind.`, the others after `kind `: no setting can be called like one of them.
void Planner::add_plugin(Key& key, const PluginChoice& choice) const {
  const LoadedPlugin* loaded = catalogue_.find(choice.kind, choice.plugin);
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

Subject poison_subject(const Subject& subject) {
  return {.task = subject.task, .attack = subject.attack, .seed = subject.seed};
}

Subject victim_subject(const Subject& subject) {
  return {
      .task = subject.task, .model = subject.model, .attack = subject.attack, .seed = subject.seed};
}

std::string cell_name(const Experiment& experiment, const Subject& subject) {
  return experiment.tasks[subject.task].label + ", " + experiment.models[subject.model].label +
         ", " + experiment.attacks[subject.attack].label + ", " +
         experiment.defenses[subject.defense].label + ", seed " + std::to_string(subject.seed);
}

namespace {

/// Why the defense cannot defend this victim; empty where it can.
std::string why_skipped(Planner& planner, const Subject& subject) {
  const Experiment& e = planner.experiment();
  const Defense& defense = planner.plugins().defense(subject.defense);
  const std::string name = "defense `" + e.defenses[subject.defense].plugin + "` ";
  const TaskKind kind = planner.plugins().task(subject.task).kind();
  if (!defense.supports(kind)) {
    return name + "does not support " + std::string(to_string(kind)) + " tasks";
  }
  if (defense.needs().starting_model &&
      !planner.plugins().model(subject.model).starts_from_checkpoint()) {
    return name + "needs the checkpoint that the victim was trained from, but model `" +
           e.models[subject.model].label + "` starts from random weights";
  }
  return {};
}

}  // namespace

Plan make_plan(Experiment experiment, const Catalogue& catalogue) {
  Plan plan;
  plan.experiment = std::move(experiment);
  Planner planner(plan, catalogue);
  const Experiment& e = plan.experiment;
  for (std::size_t task = 0; task < e.tasks.size(); ++task) {
    const TaskKind kind = planner.plugins().task(task).kind();
    for (std::size_t model = 0; model < e.models.size(); ++model) {
      for (std::size_t attack = 0; attack < e.attacks.size(); ++attack) {
        for (std::size_t defense = 0; defense < e.defenses.size(); ++defense) {
          for (const std::int64_t seed : e.seeds) {
            const Subject subject{
                .task = task, .model = model, .attack = attack, .defense = defense, .seed = seed};
            plan.cells.push_back({.subject = subject,
                                  .kind = kind,
                                  .measure = planner.stage("measure", subject),
                                  .skipped = why_skipped(planner, subject)});
          }
        }
      }
    }
  }
  return plan;
}

}  // namespace ncmlab
