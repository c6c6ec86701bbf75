// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <map>
#include <memory>

#include "config/experiment.hpp"
#include "loader/catalogue.hpp"
#include "ncmlab/plugin/attack.hpp"
#include "ncmlab/plugin/defense.hpp"
#include "ncmlab/plugin/model.hpp"
#include "ncmlab/plugin/task.hpp"

namespace ncmlab {

/// The plugins that an experiment chooses, each created when it is first asked for by its place on
/// the axis. Both arguments must outlive it. Throws Error `plugin.*`.
class ChosenPlugins {
 public:
  ChosenPlugins(const Experiment& experiment, const Catalogue& catalogue)
      : experiment_(experiment), catalogue_(catalogue) {}

  const Task& task(std::size_t i) { return get(tasks_, i, experiment_.tasks[i]); }
  const Model& model(std::size_t i) { return get(models_, i, experiment_.models[i]); }
  const Attack& attack(std::size_t i) { return get(attacks_, i, experiment_.attacks[i]); }
  /// Precondition: attack number `i` has one.
  const Model& surrogate(std::size_t i) {
    return get(surrogates_, i, *experiment_.attacks[i].surrogate);
  }
  const Defense& defense(std::size_t i) { return get(defenses_, i, experiment_.defenses[i]); }

 private:
  template <typename Interface>
  using Made = std::map<std::size_t, std::shared_ptr<Interface>>;

  template <typename Interface>
  const Interface& get(Made<Interface>& made, std::size_t i, const PluginChoice& choice) {
    std::shared_ptr<Interface>& plugin = made[i];
    if (!plugin) {
      plugin = catalogue_.create<Interface>(choice.kind, choice.plugin, choice.settings);
    }
    return *plugin;
  }

  const Experiment& experiment_;
  const Catalogue& catalogue_;
  Made<Task> tasks_;
  Made<Model> models_, surrogates_;
  Made<Attack> attacks_;
  Made<Defense> defenses_;
};

}  // namespace ncmlab
