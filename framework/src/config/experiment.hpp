// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "loader/catalogue.hpp"
#include "ncmlab/core/diagnostic.hpp"
#include "ncmlab/core/enum_names.hpp"
#include "ncmlab/plugin/attack.hpp"
#include "ncmlab/plugin/defense.hpp"
#include "ncmlab/plugin/schema.hpp"
#include "ncmlab/train/trainer.hpp"

namespace ncmlab {

/// One entry of an axis: a plugin with all its settings.
struct PluginChoice {
  PluginKind kind = PluginKind::task;
  std::string plugin;
  std::string label;  ///< how tables and cells call it; unique within its axis
  Settings settings;  ///< complete
  Span span;          ///< where the file names it; line 0 for what the host added
  /// Where the file gives the values of parameters. Paths in `settings` start at the working
  /// folder, whatever folder the file is in.
  std::map<std::string, Span, std::less<>> places = {};
};

struct ModelChoice : PluginChoice {
  TrainingOptions training;  ///< epochs 0: measured as it is
};

struct AttackChoice : PluginChoice {
  /// Names of labels; empty: the task's positive label attacks towards the next label.
  std::string victim_label, target_label;
  std::string target_word;  ///< of retrieval tasks; empty: the task's own
  /// For attacks that need a surrogate; without it they get the first model of the experiment.
  std::optional<ModelChoice> surrogate;
};

struct DefenseChoice : PluginChoice {
  std::set<Allowance> granted = {};  ///< what of the experiment's budget it is given
  /// How it departs from the experiment's budget: `epochs = 10`, or that it knows of none.
  std::vector<std::string> departures = {};
};

/// Where the clean samples that defenses are given come from.
enum class CleanSource {
  held_out,  ///< taken out of the training set before anything is poisoned or trained
  training,  ///< the training set itself, which still holds them
};

constexpr auto enum_names(CleanSource) {
  return std::to_array<EnumName<CleanSource>>(
      {{CleanSource::held_out, "held_out"}, {CleanSource::training, "training"}});
}

/// `[defense_budget]`: what every defense may spend and assume, see DefenseBudget. There is no
/// limit in seconds: what comes out would depend on the machine.
struct BudgetChoice {
  std::int64_t steps = 300;
  std::int64_t batch_size = 32;
  std::vector<double> learning_rates = {2e-5, 1e-4, 5e-4, 2e-3};  ///< ascending, each once
  double tuning_share = 0.2;  ///< share of the clean samples that a learning rate is chosen by
  double poison_share = 0.05;
};
/// `300 steps of 32 samples, ...`, for people.
std::string in_words(const BudgetChoice& budget);
/// The value of the key that `allowance` is called by.
Value allowed(const BudgetChoice& budget, Allowance allowance);
/// What a defense is given that is granted this much.
DefenseBudget share_of(const BudgetChoice& budget, const std::set<Allowance>& granted);

/// `[language_model]`: what the language models of defenses are.
struct LanguageModelChoice {
  std::int64_t order = 4;  ///< of the n-gram model; Sun et al. 2025 (KillBadCode)
  /// What the n-gram model learns from, see data/source_texts.hpp; empty: the clean samples.
  std::string corpus;
  std::string field = "code";  ///< of a corpus of JSON lines
  std::string masked;          ///< folder of the masked model; empty: there is none
  std::map<std::string, Span, std::less<>> places = {};  ///< where the file gives them
};

/// A typed experiment file. Axes keep the order of the file. Attack `none` and defense `none`
/// come first on their axes whether or not the file names them.
struct Experiment {
  std::string name;
  std::string description;
  std::filesystem::path file;
  std::string source;  ///< the text of the file that was parsed
  std::vector<std::int64_t> seeds;
  /// Share of the clean training split that a defense with clean samples is given, drawn once
  /// per seed, class-balanced, the same for every defense; 0: none.
  double clean_share = 0.1;
  CleanSource clean_from = CleanSource::held_out;
  std::optional<BudgetChoice> defense_budget = {};
  LanguageModelChoice language_model = {};
  std::string device = "auto";  ///< as find_device() takes it
  /// Samples that a trial run takes of each split at most; 0: this is no trial run.
  std::int64_t limit = 0;
  std::vector<PluginChoice> tasks;
  std::vector<ModelChoice> models;
  std::vector<AttackChoice> attacks;
  std::vector<DefenseChoice> defenses;
};

/// Reads and validates an experiment file against the schemas of `catalogue`. A parameter that
/// takes a scalar may be given a list of them: an axis of its own, one entry per value, labelled
/// `name[parameter=value]`. Throws one Error with all problems, sorted by place.
/// `${NAME}` and `${NAME:-fallback}` in strings are replaced from the environment. Relative paths
/// start at the folder of the file.
Experiment read_experiment(const std::filesystem::path& file, const Catalogue& catalogue);

/// Creates every plugin of the experiment once and checks the labels of its attacks against every
/// task. Throws Error `plugin.create-failed` or `config.unknown-label`.
void check_experiment(const Experiment& experiment, const Catalogue& catalogue);

}  // namespace ncmlab
