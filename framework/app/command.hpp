// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <boost/program_options/options_description.hpp>
#include <boost/program_options/variables_map.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/experiment.hpp"
#include "engine/plan.hpp"
#include "loader/catalogue.hpp"
#include "ncmlab/core/diagnostic.hpp"
#include "ncmlab/core/enum_names.hpp"

namespace ncmlab::app {

/// What the program returns to the shell; `ncmlab --help` lists them.
enum ExitCode : int {
  kOk = 0,
  kCellsFailed = 1,
  kUsage = 2,
  kInvalidConfig = 3,
  kPluginFailed = 4,
  kMissingData = 5,
  kLocked = 6,
  kCheckFailed = 7,
  kInternalError = 70,
  kInterrupted = 130,
};

enum class ColorMode { automatic, always, never };

constexpr auto enum_names(ColorMode) {
  using enum ColorMode;
  return std::to_array<EnumName<ColorMode>>(
      {{automatic, "auto"}, {always, "always"}, {never, "never"}});
}

/// The command line, with the options that every command takes already read.
struct Arguments {
  std::vector<std::string> words;         ///< what follows the command's name
  std::vector<std::string> plugin_paths;  ///< `--plugin-path`, in order
  ColorMode color = ColorMode::automatic;
  bool quiet = false;        ///< errors and data only
  std::string command_line;  ///< everything as typed, quoted for a shell where needed
};

/// Reads the global options, wherever they stand before `--`. Throws Error `usage.*`.
Arguments read_arguments(int argc, const char* const* argv);

/// What a command takes; `--help` prints it.
struct Syntax {
  std::string_view usage;     ///< `ncmlab validate FILE`
  std::string_view summary;   ///< sentences
  std::string_view examples;  ///< lines, each indented by two blanks
  boost::program_options::options_description options{"Options"};
  /// Names under which the words that are no options are stored as strings, in order.
  std::vector<std::string> positional = {};
  /// Name under which the words after those are stored as a vector of strings; empty: none.
  std::string rest = {};
};

/// The values of a command's options, or nothing when `--help` was asked for and has been printed.
/// Abbreviations of options are refused. Throws Error `usage.*`, with a suggestion.
std::optional<boost::program_options::variables_map> parse(const Arguments& arguments,
                                                           const Syntax& syntax);

/// The value of a positional that must be there. Throws Error `usage.missing-argument`.
std::string required_word(const boost::program_options::variables_map& values,
                          const std::string& name, const Syntax& syntax);

/// One command of a group: `list` of `ncmlab plugins list`.
struct Subcommand {
  std::string_view name;
  int (*run)(const Arguments&);
};

/// Runs the command that the first word names. `group` is the group's name and `help` explains its
/// commands. Throws Error `usage.*`.
int run_subcommand(const Arguments& arguments, const std::string& group, std::string_view help,
                   const std::vector<Subcommand>& commands);

/// True if text on this file descriptor is to be coloured: `--color`, else NO_COLOR,
/// CLICOLOR_FORCE, TERM=dumb and whether it is a terminal decide.
bool use_color(const Arguments& arguments, int file_descriptor);

/// Writes a diagnostic to stderr; warnings and notes not with `--quiet`.
void print(const Arguments& arguments, const Diagnostic& diagnostic);
/// Writes all diagnostics of an error to stderr and returns the exit code that belongs to it.
int print(const Arguments& arguments, const Error& error);

/// The exit code for an error, by the first word of its codes.
int exit_code(const Error& error);

/// The plugins of all folders, and what became of each file.
struct Plugins {
  Catalogue catalogue;
  std::vector<LoadReport> reports;
};

/// Loads all plugins and prints what is wrong with any of them as warnings.
Plugins load_plugins(const Arguments& arguments);

/// The plugin `KIND/NAME`. Throws Error `usage.*` for an unknown one, with a suggestion, and
/// Error `plugin.*` with the reason when its file was refused.
const LoadedPlugin& find_plugin(const Plugins& plugins, std::string_view kind_and_name);

/// read_experiment() and check_experiment(); a plugin that the file names but whose library was
/// refused becomes Error `plugin.*` with the reason.
Experiment open_experiment(const std::string& file, const Plugins& plugins);

/// `--device NAME`, which open_plan() puts in the place of what the file says.
void add_device_option(Syntax& syntax);
/// `--limit N`, with which open_plan() makes the experiment a trial run under a name of its own.
void add_limit_option(Syntax& syntax);
/// make_plan() of open_experiment(); plan_from_json() of a file that ends in `.json`, for whose
/// number of threads it sets LibTorch.
Plan open_plan(const std::string& file, const Plugins& plugins,
               const boost::program_options::variables_map& values);

int command_plugins(const Arguments& arguments);
int command_validate(const Arguments& arguments);
int command_plan(const Arguments& arguments);
int command_run(const Arguments& arguments);
int command_attack(const Arguments& arguments);
int command_report(const Arguments& arguments);
int command_checkpoint(const Arguments& arguments);
int command_tokenize(const Arguments& arguments);
int command_pretrain(const Arguments& arguments);

}  // namespace ncmlab::app
