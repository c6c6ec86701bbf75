// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "engine/chosen_plugins.hpp"
#include "engine/plan.hpp"

namespace ncmlab {

/// Lets stage kinds add what they need to a plan, and gives them the parts of their keys.
class Planner {
 public:
  /// Sets all of `plan` but stages and cells. Both must outlive the planner.
  Planner(Plan& plan, const Catalogue& catalogue);

  const Experiment& experiment() const { return plan_.experiment; }
  ChosenPlugins& plugins() { return plugins_; }
  bool has_trigger(std::size_t attack) { return plugins_.attack(attack).has_trigger(); }
  /// The attack that leaves everything as it is, if the experiment has it.
  std::optional<std::size_t> control();

  /// The stage of that kind about the subject, added with all that it needs if it is not there.
  std::size_t stage(std::string_view kind, const Subject& subject);
  const Stage& at(std::size_t stage) const { return plan_.stages[stage]; }

  /// A key with what every stage of a (task, seed) depends on.
  Key key(std::string_view kind, const Subject& subject);
  /// The same for a stage that runs a network: round-off is the device's and the threads', dropout
  /// the device's.
  Key key_on_device(std::string_view kind, const Subject& subject);
  void add_clean_share(Key& key) const;
  void add_model(Key& key, std::size_t model);
  void add_surrogate(Key& key, std::size_t attack);
  void add_attack(Key& key, const Subject& subject) const;
  void add_defense(Key& key, std::size_t defense);

 private:
  void add_plugin(Key& key, const PluginChoice& choice) const;
  void add_model(Key& key, const ModelChoice& choice, const std::string& files) const;
  void add_language_models(Key& key, const DefenseNeeds& needs);
  void choose_surrogates();
  void resolve_goals();

  Plan& plan_;
  const Catalogue& catalogue_;
  ChosenPlugins plugins_;
  std::map<std::size_t, std::string> task_files_, model_files_, surrogate_files_;
  std::string corpus_files_, masked_files_;  ///< of the language models; empty: not asked for yet
  std::map<std::pair<std::string, Subject>, std::size_t> known_;
  std::unordered_map<std::string, std::size_t> by_hash_;
};

/// The subject of the poisoned training set, which is the same for every model.
Subject poison_subject(const Subject& subject);
/// The subject of the victim, which is the same for every defense.
Subject victim_subject(const Subject& subject);
/// `toy, echo, badcode, elibadcode, seed 1`
std::string cell_name(const Experiment& experiment, const Subject& subject);

}  // namespace ncmlab
