// SPDX-License-Identifier: Apache-2.0
#include "loader/catalogue.hpp"

#include "ncmlab/core/progress.hpp"

namespace ncmlab {
namespace {

Error create_failed(const LoadedPlugin& plugin, const std::string& reason) {
  const std::string kind(to_string(plugin.entry.kind));
  return Error(
      Diagnostic{.code = "plugin.create-failed",
                 .message = kind + " `" + plugin.entry.name + "` cannot be created: " + reason,
                 .notes = {"loaded from " + plugin.file.string()}});
}

}  // namespace

void Catalogue::add(LoadedPlugin plugin) { plugins_.push_back(std::move(plugin)); }

const LoadedPlugin* Catalogue::find(PluginKind kind, std::string_view name) const {
  for (const LoadedPlugin& plugin : plugins_) {
    if (plugin.entry.kind == kind && plugin.entry.name == name) {
      return &plugin;
    }
  }
  return nullptr;
}

std::vector<std::string> Catalogue::names(PluginKind kind) const {
  std::vector<std::string> result;
  for (const LoadedPlugin& plugin : plugins_) {
    if (plugin.entry.kind == kind) {
      result.push_back(plugin.entry.name);
    }
  }
  return result;
}

std::shared_ptr<Plugin> Catalogue::create_plugin(PluginKind kind, std::string_view name,
                                                 const Settings& settings) const {
  const LoadedPlugin* plugin = find(kind, name);
  if (plugin == nullptr) {
    throw Error("plugin.unknown",
                "no " + std::string(to_string(kind)) + " `" + std::string(name) + "`",
                {"`ncmlab plugins list` shows what is there"});
  }
  std::shared_ptr<Plugin> instance;
  try {
    instance = plugin->entry.create(settings);
  } catch (const Cancelled&) {
    throw;
  } catch (const Error& error) {
    Diagnostic diagnostic = create_failed(*plugin, error.what()).diagnostics().front();
    diagnostic.help = error.diagnostics().front().help;
    throw Error(std::move(diagnostic));
  } catch (const std::exception& error) {
    throw create_failed(*plugin, error.what());
  } catch (...) {
    throw create_failed(*plugin, "it threw something that is not a std::exception");
  }
  if (instance == nullptr) {
    throw create_failed(*plugin, "it returned no instance");
  }
  return instance;
}

}  // namespace ncmlab
