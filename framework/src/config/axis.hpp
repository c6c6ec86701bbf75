// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "config/experiment.hpp"
#include "config/problems.hpp"

namespace ncmlab::config {

/// An entry of an axis of any kind; `training` belongs to models, labels and surrogate to
/// attacks.
struct Draft {
  PluginChoice choice;
  TrainingOptions training;
  std::string victim_label, target_label, target_word;
  std::optional<ModelChoice> surrogate;
  std::size_t table = 0;  ///< index of the table it came from
  bool named = false;     ///< the table has a `name`
};

/// The keys that `[training]` and a model's `training` take, with the host's defaults.
const std::vector<Parameter>& training_parameters();

/// Reads the tables of one axis in the order of the file.
class AxisReader {
 public:
  AxisReader(PluginKind kind, const Catalogue& catalogue, Problems& problems)
      : kind_(kind), catalogue_(catalogue), problems_(problems) {}

  /// `training` holds what `[training]` says. All entries with their labels.
  std::vector<Draft> read(const toml::array& tables, const Settings& training) const;

 private:
  std::vector<Draft> read_table(const toml::table& table, const Settings& training) const;
  const LoadedPlugin* find_plugin(const toml::table& table, Span& span) const;
  std::optional<ModelChoice> read_surrogate(const toml::node& node, const Settings& training) const;
  void read_reserved(const toml::key& key, const toml::node& node, Draft& draft,
                     Settings& training) const;
  void check_effects(const LoadedPlugin& plugin, const toml::table& table,
                     const std::vector<Settings>& entries) const;
  std::vector<Settings> all_settings(const LoadedPlugin& plugin, const toml::table& table) const;

  PluginKind kind_;
  const Catalogue& catalogue_;
  Problems& problems_;
};

/// Gives every entry its label: the table's name, else the plugin's; entries that share it are told
/// apart by the settings in which they differ, `badcode[rate=0.05]`. Adds a problem for labels
/// that are still equal.
void set_labels(std::vector<Draft>& drafts, const Catalogue& catalogue, Problems& problems);

}  // namespace ncmlab::config
