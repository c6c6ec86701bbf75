// SPDX-License-Identifier: Apache-2.0
#include "loader/catalogue.hpp"

#include <filesystem>
#include <utility>

#include "core/path_problem.hpp"
#include "loader/guarded.hpp"
#include "ncmlab/core/progress.hpp"

namespace ncmlab {
namespace {

/// An error about a plugin that cannot be created, with what `cause` says besides its message.
Error create_failed(const LoadedPlugin& plugin, const std::string& reason, Diagnostic cause = {}) {
  const std::string kind(to_string(plugin.entry.kind));
  cause.code = cause.code.empty() ? "plugin.create-failed" : cause.code;
  cause.message = kind + " `" + plugin.entry.name + "` cannot be created: " + reason;
  cause.notes.push_back("loaded from " + plugin.file.string());
  return Error(std::move(cause));
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

void Catalogue::refuse(PluginKind kind, std::string name, Diagnostic reason) {
  refused_[{kind, std::move(name)}].push_back(std::move(reason));
}

std::vector<Diagnostic> Catalogue::refusals(PluginKind kind, const std::string& name) const {
  const auto found = refused_.find({kind, name});
  return found == refused_.end() ? std::vector<Diagnostic>{} : found->second;
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

void Catalogue::throw_wrong_kind(PluginKind kind, std::string_view name) const {
  Diagnostic diagnostic{.code = "plugin.broken",
                        .message = std::string(to_string(kind)) + " `" + std::string(name) +
                                   "` does not implement the interface of its kind"};
  if (const LoadedPlugin* plugin = find(kind, name)) {
    diagnostic.notes.push_back("loaded from " + plugin->file.string());
  }
  throw Error(std::move(diagnostic));
}

std::shared_ptr<Plugin> Catalogue::create_plugin(PluginKind kind, std::string_view name,
                                                 const Settings& settings) const {
  const LoadedPlugin* plugin = find(kind, name);
  if (plugin == nullptr) {
    throw Error("plugin.unknown",
                "no " + std::string(to_string(kind)) + " `" + std::string(name) + "`",
                {"`ncmlab plugins list` shows what is there"});
  }
  PluginOrigin origin{.kind = plugin->entry.kind, .name = plugin->entry.name, .file = plugin->file};
  std::shared_ptr<Plugin> instance;
  try {
    const PluginCall call(origin, "create");
    instance = plugin->entry.create(settings);
  } catch (const Cancelled&) {
    throw;
  } catch (const Error& error) {
    throw create_failed(*plugin, error.what(), error.diagnostics().front());
  } catch (const std::filesystem::filesystem_error& error) {
    const Diagnostic problem = path_problem(error);
    throw create_failed(*plugin, problem.message, problem);
  } catch (const std::exception& error) {
    throw create_failed(*plugin, first_line(error));
  } catch (...) {
    throw create_failed(*plugin, "it threw something that is not a std::exception");
  }
  if (instance == nullptr) {
    throw create_failed(*plugin, "it returned no instance");
  }
  return guarded(std::move(instance), std::move(origin));
}

}  // namespace ncmlab
