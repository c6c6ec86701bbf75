// SPDX-License-Identifier: Apache-2.0
#include "config/paths.hpp"

#include <filesystem>
#include <system_error>
#include <utility>

namespace ncmlab::config {
namespace {

namespace fs = std::filesystem;

/// `path` without `..` where that names the same file: beyond a link it may not.
fs::path shortened(const fs::path& path) {
  std::error_code unknown;
  const fs::path normal = path.lexically_normal();
  return fs::exists(path, unknown) && !fs::equivalent(path, normal, unknown) ? path : normal;
}

class Resolver {
 public:
  Resolver(fs::path base, const Catalogue& catalogue, Problems& problems)
      : base_(std::move(base)), catalogue_(catalogue), problems_(problems) {}

  void resolve(LanguageModelChoice& choice) {
    for (const auto& [name, path] :
         {std::pair("corpus", &choice.corpus), std::pair("masked", &choice.masked)}) {
      if (const auto place = choice.places.find(name); place != choice.places.end()) {
        *path = from_file(*path, name, place->second);
      }
    }
  }

  void resolve(PluginChoice& choice) {
    const LoadedPlugin* plugin = catalogue_.find(choice.kind, choice.plugin);
    if (plugin == nullptr) {
      return;  // a control stands on its axis without a plugin for it
    }
    for (const Parameter& parameter : plugin->entry.parameters) {
      const auto setting = choice.settings.find(parameter.name);
      const auto place = choice.places.find(parameter.name);
      if (setting != choice.settings.end() && place != choice.places.end() &&
          names_file(parameter, setting->second)) {
        setting->second =
            from_file(std::get<std::string>(setting->second), parameter.name, place->second);
      }
    }
  }

 private:
  std::string from_file(const std::string& given, const std::string& name, const Span& place) {
    const fs::path path(given);
    if (path.is_absolute()) {
      return given;
    }
    const fs::path resolved = shortened(base_ / path);
    std::error_code unknown;
    if (!fs::exists(resolved, unknown) && fs::exists(path, unknown)) {
      problems_
          .add("config.path",
               "`" + name + "`: there is no `" + resolved.string() +
                   "`; relative paths start at the folder of the experiment file",
               place)
          .help.push_back("write `" +
                          fs::proximate(path, base_.empty() ? "." : base_, unknown).string() +
                          "`, or an absolute path, for the `" + given + "` of the working folder");
    }
    return resolved.string();
  }

  fs::path base_;
  const Catalogue& catalogue_;
  Problems& problems_;
};

}  // namespace

void resolve_paths(Experiment& experiment, const Catalogue& catalogue, Problems& problems) {
  Resolver resolver(experiment.file.parent_path(), catalogue, problems);
  resolver.resolve(experiment.language_model);
  for (PluginChoice& task : experiment.tasks) {
    resolver.resolve(task);
  }
  for (ModelChoice& model : experiment.models) {
    resolver.resolve(model);
  }
  for (AttackChoice& attack : experiment.attacks) {
    resolver.resolve(attack);
    if (attack.surrogate) {
      resolver.resolve(*attack.surrogate);
    }
  }
  for (PluginChoice& defense : experiment.defenses) {
    resolver.resolve(defense);
  }
}

}  // namespace ncmlab::config
