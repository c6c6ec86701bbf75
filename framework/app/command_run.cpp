// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <algorithm>
#include <boost/program_options/value_semantic.hpp>
#include <iostream>

#include "command.hpp"
#include "config/check_data.hpp"
#include "core/printable.hpp"
#include "engine/executor.hpp"
#include "engine/lock.hpp"
#include "engine/plan.hpp"
#include "engine/run_folder.hpp"
#include "ncmlab/core/wording.hpp"
#include "report/report.hpp"
#include "running.hpp"

namespace ncmlab::app {
namespace {

namespace po = boost::program_options;

/// The command without `--fresh`, which would throw away what is to be resumed. Plugin path,
/// device, threads and store stay.
std::string resume_command(const Arguments& arguments) {
  std::string command = arguments.command_line;
  constexpr std::string_view kFresh = " --fresh";
  for (std::size_t at = command.find(kFresh); at != std::string::npos; at = command.find(kFresh)) {
    command.erase(at, kFresh.size());
  }
  return command;
}

RunIndex index_of_run(const Plan& plan, const Arguments& arguments) {
  RunIndex index = index_of(plan, plan.experiment.source);
  index.command = resume_command(arguments);
  return index;
}

Syntax run_syntax() {
  Syntax syntax{
      .usage = "ncmlab run FILE [OPTIONS]",
      .summary =
          "Runs an experiment and prints its table. What the store holds of it is not done\n"
          "again: a run that was stopped goes on where it was. Ctrl-C stops after the step\n"
          "at work, a second Ctrl-C at once.\n"
          "Exit code 0: all cells were measured, 1: some failed, 5: some failed, all of them since "
          "data\n"
          "or a model is missing or does not fit, 130: interrupted.",
      .examples =
          "  ncmlab run experiments/quickstart.toml\n"
          "  ncmlab run experiments/devign.toml --store /data/ncmlab-runs --threads 8",
      .positional = {"FILE"}};
  syntax.options.add_options()
      // clang-format off
      ("store", po::value<std::string>()->value_name("DIR")->default_value("ncmlab-runs"),
       "where results are kept")
      ("fresh", po::bool_switch(), "do everything again, whatever the store holds");
  // clang-format on
  add_threads_option(syntax);
  add_device_option(syntax);
  add_limit_option(syntax);
  return syntax;
}

void print_report(const Arguments& arguments, const RunResult& result,
                  const std::filesystem::path& folder) {
  ReportOptions options;
  options.version = NCMLAB_VERSION;
  options.width = ::isatty(STDOUT_FILENO) == 1 ? columns_of(STDOUT_FILENO) : 0;
  options.colour = use_color(arguments, STDOUT_FILENO);
  std::cout << render_report(result.records, ReportFormat::terminal, options);
  std::cout.flush();
  std::cerr << "records: " << folder.string() << "\nother formats: ncmlab report "
            << folder.string() << " --format markdown|latex|csv|json\n";
}

/// Counts on stderr what each cause cost; the causes themselves were told when they came up.
int count_failures(const RunResult& result) {
  for (const FailureCause& cause : result.causes) {
    if (cause.cells > 0) {
      const Diagnostic& first = cause.diagnostics.front();
      std::cerr << counted(cause.cells, "cell") << " failed: " << first.code;
      if (first.span && first.span->line > 0) {
        std::cerr << " at " << printable(first.span->file) << ":" << first.span->line;
      }
      std::cerr << "\n";
    }
  }
  const bool only_input = std::ranges::all_of(result.causes, is_about_input);
  return result.failed == 0 ? kOk : only_input ? kMissingData : kCellsFailed;
}

}  // namespace

int command_run(const Arguments& arguments) {
  const Syntax syntax = run_syntax();
  const auto values = parse(arguments, syntax);
  if (!values) {
    return kOk;
  }
  const std::string file = required_word(*values, "FILE", syntax);
  set_threads(*values);
  const Plugins plugins = load_plugins(arguments);
  const Plan plan = open_plan(file, plugins, *values);

  for (const Diagnostic& warning : check_data(plan.experiment, plugins.catalogue).warnings) {
    // What is to be said of the data, the run says of all of it.
    if (warning.code.starts_with("checkpoint.")) {
      print(arguments, warning);
    }
  }

  const std::filesystem::path root = (*values)["store"].as<std::string>();
  const StoreLock lock(root);
  Store store(root);
  store.sweep();
  if ((*values)["fresh"].as<bool>()) {
    forget_plan(plan, store);
  }
  const std::filesystem::path folder = run_folder(root, plan.experiment.name);
  if (const auto warning = replace_index(root, index_of_run(plan, arguments))) {
    print(arguments, *warning);
  }

  catch_signals();
  ConsoleProgress progress(std::cerr, progress_options(arguments));
  try {
    const RunResult result = run_plan(plan, plugins.catalogue, store, folder, progress);
    print_report(arguments, result, folder);
    return count_failures(result);
  } catch (const Cancelled&) {
    progress.clear_line();
    std::cerr << "interrupted: finished stages are kept in " << root.string()
              << "\nresume with: " << resume_command(arguments) << "\n";
    return kInterrupted;
  }
}

}  // namespace ncmlab::app
