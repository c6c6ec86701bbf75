// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <list>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/chosen_plugins.hpp"
#include "engine/language_models.hpp"
#include "engine/materials.hpp"
#include "engine/plan.hpp"
#include "engine/poison_stage.hpp"
#include "engine/stage_kind.hpp"
#include "ncmlab/model/code_model.hpp"

namespace ncmlab {

/// What the stages of one process share: the experiment's plugins, and in memory what several of
/// them read. What a stage makes does not depend on what is here already.
class Workshop {
 public:
  /// All arguments must outlive it.
  Workshop(const Plan& plan, const Catalogue& catalogue, Progress& progress);

  const Plan& plan() const { return plan_; }
  const Experiment& experiment() const { return plan_.experiment; }
  at::Device device() const { return at::Device(plan_.device); }
  ChosenPlugins& plugins() { return plugins_; }
  const Task& task(const Subject& subject) { return plugins_.task(subject.task); }
  const std::vector<AttackGoal>& goals(const Subject& subject) const {
    return plan_.goals[subject.task][subject.attack];
  }
  Materials& materials() { return materials_; }
  LanguageModels& language_models() { return language_models_; }

  /// What a stage `poison` made; the last one asked for stays in memory.
  const Poisoning& poisoning(const Made& poison);
  /// The training set of a subject: the clean one where `poison` is null.
  const std::vector<Example>& training_set(const Subject& subject, const Made* poison);
  /// The model that a stage left, as it is in the store; the last two asked for stay in memory.
  CodeModel& model(const Made& made);
  /// Frees the memory of models, for a stage that makes one.
  void drop_models() { models_.clear(); }

 private:
  const Plan& plan_;
  ChosenPlugins plugins_;
  Materials materials_;
  LanguageModels language_models_;
  std::optional<std::pair<std::string, Poisoning>> poisoning_;
  std::list<std::pair<std::string, CodeModel>> models_;  ///< by hash, the last used first
};

}  // namespace ncmlab
