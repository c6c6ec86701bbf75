// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ncmlab/core/diagnostic.hpp"
#include "ncmlab/plugin/entry.hpp"

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

  /// Keeps why a plugin that somebody may ask for is not here.
  void refuse(PluginKind kind, std::string name, Diagnostic reason);
  std::vector<Diagnostic> refusals(PluginKind kind, const std::string& name) const;

  /// Creates an instance behind guarded(). What its constructor throws becomes an Error that names
  /// the plugin and its library: `plugin.create-failed`, or under the code of an Error. Throws
  /// Error `plugin.broken` for an instance that is no Interface.
  template <typename Interface>
  std::shared_ptr<Interface> create(PluginKind kind, std::string_view name,
                                    const Settings& settings) const {
    auto instance = std::dynamic_pointer_cast<Interface>(create_plugin(kind, name, settings));
    if (instance == nullptr) {
      throw_wrong_kind(kind, name);
    }
    return instance;
  }

 private:
  std::shared_ptr<Plugin> create_plugin(PluginKind kind, std::string_view name,
                                        const Settings& settings) const;
  [[noreturn]] void throw_wrong_kind(PluginKind kind, std::string_view name) const;
  std::vector<LoadedPlugin> plugins_;
  std::map<std::pair<PluginKind, std::string>, std::vector<Diagnostic>> refused_;
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

/// What a person who named folders should know: those of `--plugin-path` and NCMLAB_PLUGIN_PATH
/// that are not there or no folders, and in these and in `../lib/ncmlab/plugins` the libraries that
/// load_plugins() passes over because of their names. Warnings.
std::vector<Diagnostic> folder_warnings(const std::vector<std::string>& from_options);

/// Loads every `libncmlab_<kind>_<name>.so` of `folders` into `catalogue`, each through the
/// handshake: exported symbol (before anything of the file runs), dlopen, build stamp, entries.
/// Never throws for a bad plugin; its problems are in the report, and in the catalogue as refusals
/// of the plugin that the file's name or the entry tells.
std::vector<LoadReport> load_plugins(const std::vector<std::filesystem::path>& folders,
                                     Catalogue& catalogue);

}  // namespace ncmlab
