// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ncmlab/core/diagnostic.hpp"
#include "ncmlab/plugin/registration.hpp"

namespace ncmlab {

/// A plugin that passed the handshake.
struct LoadedPlugin {
  Entry entry;
  std::filesystem::path file;
  std::string file_digest;  ///< hash_file() of `file`: part of every cache key
};

/// All plugins that can be used, by kind and name. Libraries stay loaded until the process ends.
class Catalogue {
 public:
  void add(LoadedPlugin plugin);

  const std::vector<LoadedPlugin>& plugins() const { return plugins_; }
  const LoadedPlugin* find(PluginKind kind, std::string_view name) const;
  std::vector<std::string> names(PluginKind kind) const;

  /// Creates an instance; what the plugin throws becomes Error `plugin.create-failed`.
  template <typename Interface>
  std::shared_ptr<Interface> create(PluginKind kind, std::string_view name,
                                    const Settings& settings) const {
    return std::dynamic_pointer_cast<Interface>(create_plugin(kind, name, settings));
  }

 private:
  std::shared_ptr<Plugin> create_plugin(PluginKind kind, std::string_view name,
                                        const Settings& settings) const;
  std::vector<LoadedPlugin> plugins_;
};

/// What became of one file that looked like a plugin.
struct LoadReport {
  std::filesystem::path file;
  std::vector<std::string> entries;  ///< `kind/name` of what was accepted
  std::vector<Diagnostic> problems;  ///< empty: accepted whole
};

/// Folders that are searched, in order: `--plugin-path`, NCMLAB_PLUGIN_PATH (separated by ':'),
/// `../lib/ncmlab/plugins` and `../lib` beside the executable.
std::vector<std::filesystem::path> plugin_folders(const std::vector<std::string>& from_options);

/// Loads every `libncmlab_<kind>_<name>.so` of `folders` into `catalogue`, each through the
/// handshake: exported symbol (before anything of the file runs), dlopen, build stamp, entries.
/// Never throws for a bad plugin; its problems are in the report.
std::vector<LoadReport> load_plugins(const std::vector<std::filesystem::path>& folders,
                                     Catalogue& catalogue);

}  // namespace ncmlab
