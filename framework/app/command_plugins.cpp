// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <boost/program_options/value_semantic.hpp>
#include <iostream>
#include <tuple>

#include "command.hpp"
#include "core/printable.hpp"
#include "describe.hpp"

namespace ncmlab::app {
namespace {

namespace po = boost::program_options;

int list(const Arguments& arguments) {
  Syntax syntax{.usage = "ncmlab plugins list [--kind KIND] [--json]",
                .summary = "Lists the plugins that can be used.",
                .examples = "  ncmlab plugins list --kind defense"};
  syntax.options.add_options()("kind", po::value<std::string>()->value_name("KIND"),
                               "only model, task, attack or defense")("json", "as JSON");
  const auto values = parse(arguments, syntax);
  if (!values) {
    return kOk;
  }
  std::optional<PluginKind> wanted;
  if (values->count("kind") != 0) {
    const auto name = (*values)["kind"].as<std::string>();
    wanted = from_string<PluginKind>(name);
    if (!wanted) {
      throw Error("usage.bad-value",
                  "`--kind` takes " + listed_names<PluginKind>() + ", found `" + name + "`");
    }
  }
  const Plugins plugins = load_plugins(arguments);
  std::vector<const LoadedPlugin*> chosen;
  for (const LoadedPlugin& plugin : plugins.catalogue.plugins()) {
    if (!wanted || plugin.entry.kind == *wanted) {
      chosen.push_back(&plugin);
    }
  }
  std::sort(chosen.begin(), chosen.end(), [](const LoadedPlugin* a, const LoadedPlugin* b) {
    return std::tie(a->entry.kind, a->entry.name) < std::tie(b->entry.kind, b->entry.name);
  });
  if (plugins.catalogue.plugins().empty()) {
    print(arguments, Diagnostic{.severity = Severity::warning,
                                .code = "plugin.none-found",
                                .message = "no plugin was found",
                                .help = {"`ncmlab plugins doctor` shows where they were looked "
                                         "for; `--plugin-path DIR` adds a folder"}});
  }
  std::cout << (values->count("json") != 0 ? list_as_json(chosen) : list_as_text(chosen));
  return kOk;
}

int describe(const Arguments& arguments) {
  Syntax syntax{.usage = "ncmlab plugins describe KIND/NAME [--json|--markdown|--toml]",
                .summary = "Prints what a plugin does and its parameters with their defaults.",
                .examples =
                    "  ncmlab plugins describe attack/badcode\n"
                    "  ncmlab plugins describe attack/badcode --toml >> experiment.toml",
                .positional = {"KIND/NAME"}};
  syntax.options.add_options()("json", "as JSON")("markdown", "as a Markdown table")(
      "toml", "as a block for an experiment file");
  const auto values = parse(arguments, syntax);
  if (!values) {
    return kOk;
  }
  const std::string name = required_word(*values, "KIND/NAME", syntax);
  if (values->count("json") + values->count("markdown") + values->count("toml") > 1) {
    throw Error("usage.conflict", "`--json`, `--markdown` and `--toml` exclude each other");
  }
  const Plugins plugins = load_plugins(arguments);
  const LoadedPlugin& plugin = find_plugin(plugins, name);
  std::cout << (values->count("json") != 0       ? describe_as_json(plugin)
                : values->count("markdown") != 0 ? describe_as_markdown(plugin)
                : values->count("toml") != 0     ? describe_as_toml(plugin)
                                                 : describe_as_text(plugin));
  return kOk;
}

std::string_view verdict(const LoadReport& report) {
  if (report.problems.empty()) {
    return "ok     ";
  }
  return report.entries.empty() ? "refused" : "partly ";
}

int doctor(const Arguments& arguments) {
  const Syntax syntax{.usage = "ncmlab plugins doctor",
                      .summary =
                          "Checks every file in the plugin folders and says why a plugin "
                          "is refused.\nExit code 0: all are accepted, 4: some are not.",
                      .examples = "  ncmlab plugins doctor --plugin-path build/lib"};
  if (!parse(arguments, syntax)) {
    return kOk;
  }
  const auto folders = plugin_folders(arguments.plugin_paths);
  Catalogue catalogue;
  const std::vector<LoadReport> reports = ncmlab::load_plugins(folders, catalogue);
  std::cout << "Folders:\n";
  for (const auto& folder : folders) {
    std::cout << "  " << printable(folder.string())
              << (std::filesystem::is_directory(folder) ? ""
                  : std::filesystem::exists(folder)     ? " (no folder)"
                                                        : " (not there)")
              << "\n";
  }
  for (const Diagnostic& warning : folder_warnings(arguments.plugin_paths)) {
    print(arguments, warning);
  }
  bool all_accepted = true;
  for (const LoadReport& report : reports) {
    all_accepted = all_accepted && report.problems.empty();
    std::cout << "\n" << verdict(report) << "  " << printable(report.file.string()) << "\n";
    for (const std::string& name : report.entries) {
      std::cout << "  " << printable(name) << "\n";
    }
    for (const Diagnostic& problem : report.problems) {
      std::cout << "  " << printable_lines(problem.message) << "\n";
      for (const std::string& note : problem.notes) {
        std::cout << "    " << printable_lines(note) << "\n";
      }
      for (const std::string& help : problem.help) {
        std::cout << "    help: " << printable_lines(help) << "\n";
      }
    }
  }
  return all_accepted ? kOk : kPluginFailed;
}

constexpr std::string_view kHelp =
    "Commands:\n"
    "  list      list the plugins that can be used\n"
    "  describe  print what a plugin does and its parameters\n"
    "  doctor    check every file in the plugin folders and say why a plugin is refused\n\n"
    "`ncmlab plugins COMMAND --help` lists the options of a command.\n\n"
    "Plugins are looked for in the folders of --plugin-path, then of the variable\n"
    "NCMLAB_PLUGIN_PATH (separated by colons), then in ../lib/ncmlab/plugins and ../lib beside\n"
    "the executable. A plugin is native code: load only what you trust.";

}  // namespace

int command_plugins(const Arguments& arguments) {
  return run_subcommand(arguments, "plugins", kHelp,
                        {{"list", list}, {"describe", describe}, {"doctor", doctor}});
}

}  // namespace ncmlab::app
