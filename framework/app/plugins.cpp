// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <boost/program_options/value_semantic.hpp>
#include <filesystem>
#include <utility>

#include "command.hpp"
#include "config/check_data.hpp"
#include "engine/plan_json.hpp"
#include "ncmlab/core/files.hpp"
#include "ncmlab/core/wording.hpp"
#include "ncmlab/networks/device.hpp"

namespace ncmlab::app {
namespace {

namespace po = boost::program_options;

[[noreturn]] void throw_unknown(const Plugins& plugins, PluginKind kind, const std::string& name) {
  std::vector<std::string> help =
      similar_name(to_string(kind), name, plugins.catalogue.names(kind));
  for (const LoadedPlugin& plugin : plugins.catalogue.plugins()) {
    if (plugin.entry.name == name) {
      help.push_back("there is `" + std::string(to_string(plugin.entry.kind)) + "/" + name + "`");
    }
  }
  help.emplace_back("`ncmlab plugins list` shows what is there");
  throw Error("usage.unknown-plugin", "no " + std::string(to_string(kind)) + " `" + name + "`",
              help);
}

/// A plan that was written down is run as it was made.
Plan read_plan(const std::string& file, const Plugins& plugins, const po::variables_map& values) {
  for (const char* option : {"device", "limit", "threads"}) {
    if (values.count(option) > 0) {
      throw Error("usage.bad-value", "`" + file + "` is a plan, which fixes `--" + option + "`",
                  {"give the option to `ncmlab plan`"});
    }
  }
  return plan_from_json(read_file(file), file, plugins.catalogue);
}

}  // namespace

Plugins load_plugins(const Arguments& arguments) {
  Plugins plugins;
  plugins.reports = ncmlab::load_plugins(plugin_folders(arguments.plugin_paths), plugins.catalogue);
  for (const Diagnostic& warning : folder_warnings(arguments.plugin_paths)) {
    print(arguments, warning);
  }
  for (const LoadReport& report : plugins.reports) {
    for (Diagnostic problem : report.problems) {
      problem.severity = Severity::warning;
      print(arguments, problem);
    }
  }
  return plugins;
}

const LoadedPlugin& find_plugin(const Plugins& plugins, std::string_view kind_and_name) {
  const std::size_t slash = kind_and_name.find('/');
  const std::string kind_name(kind_and_name.substr(0, slash));
  const auto kind = from_string<PluginKind>(kind_name);
  if (slash == std::string_view::npos || !kind) {
    std::vector<std::string> help;
    if (slash != std::string_view::npos) {
      help = similar_name("kind", kind_name, all_names<PluginKind>());
    }
    for (const LoadedPlugin& plugin : plugins.catalogue.plugins()) {
      if (slash == std::string_view::npos && plugin.entry.name == kind_and_name) {
        help.push_back("there is `" + std::string(to_string(plugin.entry.kind)) + "/" +
                       plugin.entry.name + "`");
      }
    }
    throw Error("usage.bad-plugin-name",
                "expected KIND/NAME with KIND " + listed_names<PluginKind>() + ", found `" +
                    std::string(kind_and_name) + "`",
                help);
  }
  const std::string name(kind_and_name.substr(slash + 1));
  if (const LoadedPlugin* plugin = plugins.catalogue.find(*kind, name)) {
    return *plugin;
  }
  auto reasons = plugins.catalogue.refusals(*kind, name);
  if (!reasons.empty()) {
    throw Error(std::move(reasons));
  }
  throw_unknown(plugins, *kind, name);
}

Experiment open_experiment(const std::string& file, const Plugins& plugins) {
  Experiment experiment = read_experiment(file, plugins.catalogue);
  check_experiment(experiment, plugins.catalogue);
  return experiment;
}

void add_device_option(Syntax& syntax) {
  syntax.options.add_options()("device", po::value<std::string>()->value_name("NAME"),
                               "auto, cpu or cuda:N, in place of the file's `device`");
}

void add_limit_option(Syntax& syntax) {
  syntax.options.add_options()("limit", po::value<std::int64_t>()->value_name("N"),
                               "trial run: at most N samples of each split; results are marked");
}

Plan open_plan(const std::string& file, const Plugins& plugins, const po::variables_map& values) {
  if (std::filesystem::path(file).extension() == ".json") {
    return read_plan(file, plugins, values);
  }
  Experiment experiment = open_experiment(file, plugins);
  if (values.count("device") > 0) {
    experiment.device = values["device"].as<std::string>();
    if (!is_device_name(experiment.device)) {
      throw Error("usage.bad-value",
                  "`--device` takes `auto`, `cpu` or `cuda:N`, found `" + experiment.device + "`");
    }
  }
  if (values.count("limit") > 0) {
    experiment.limit = values["limit"].as<std::int64_t>();
    if (experiment.limit < 1) {
      throw Error("usage.bad-value",
                  "`--limit` takes 1 and more, found " + std::to_string(experiment.limit));
    }
    experiment.name += "-limit-" + std::to_string(experiment.limit);
  }
  try {
    return make_plan(experiment, plugins.catalogue);
  } catch (const Error&) {
    // Knows where the file names what is missing.
    check_data(experiment, plugins.catalogue);
    throw;
  }
}

}  // namespace ncmlab::app
