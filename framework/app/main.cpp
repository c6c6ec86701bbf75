// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <iostream>

#include "command.hpp"
#include "core/path_problem.hpp"
#include "core/printable.hpp"
#include "ncmlab/core/progress.hpp"
#include "ncmlab/core/wording.hpp"
#include "ncmlab/plugin/build_stamp.hpp"
#include "standard_streams.hpp"

namespace ncmlab::app {
namespace {

struct Command {
  std::string_view name;
  std::string_view summary;
  int (*run)(const Arguments&);
};

// One row per command, in the order of the help text.
constexpr Command kCommands[] = {
    {"plugins", "list, describe and check the plugins", command_plugins},
    {"validate", "check an experiment file and run nothing", command_validate},
    {"plan", "list cells and stages, and what is left to run", command_plan},
    {"run", "run an experiment, or go on with it, and print its table", command_run},
    {"attack", "show what an attack edits, or write its data set", command_attack},
    {"report", "print the tables of finished runs", command_report},
    {"checkpoint", "inspect, convert, compare and verify model files", command_checkpoint},
    {"tokenize", "print the token ids of texts", command_tokenize},
    {"pretrain", "train a masked language model on unlabelled code", command_pretrain},
};

const Command* find_command(std::string_view name) {
  for (const Command& command : kCommands) {
    if (command.name == name) {
      return &command;
    }
  }
  return nullptr;
}

void print_help() {
  std::cout << "ncmlab measures backdoors in neural code models and defenses against them.\n\n"
               "Usage: ncmlab COMMAND [OPTIONS]\n\n"
               "Examples:\n"
               "  ncmlab plugins list\n"
               "  ncmlab validate experiments/quickstart.toml\n"
               "  ncmlab run experiments/quickstart.toml\n\n"
               "Commands:\n";
  for (const Command& command : kCommands) {
    std::cout << "  " << command.name << std::string(12 - command.name.size(), ' ')
              << command.summary << "\n";
  }
  std::cout << "  help        print the help of a command: `ncmlab help COMMAND`\n\n"
               "Options:\n"
               "  --plugin-path DIR   search DIR for plugins first; may be repeated\n"
               "  --color WHEN        auto, always or never (also: NO_COLOR, CLICOLOR_FORCE)\n"
               "  -q, --quiet         errors and results only\n"
               "  -h, --help          print this text, or the help of a command\n"
               "  --version           print the versions of ncmlab and what it was built with\n\n"
               "Exit codes:\n"
               "  0    success\n"
               "  1    some cells failed, not only for the reasons of exit code 5\n"
               "  2    wrong usage\n"
               "  3    invalid experiment file\n"
               "  4    a plugin cannot be loaded or created\n"
               "  5    data, a model or a file is missing, damaged or does not fit\n"
               "  6    the store is in use by another run\n"
               "  7    a check failed: checkpoints differ, a case is not reproduced\n"
               "  70   internal error\n"
               "  130  interrupted\n";
}

void print_version() {
  const BuildStamp stamp = current_build_stamp();
  std::cout << "ncmlab " NCMLAB_VERSION "\n"
            << "plugin API " << stamp.api << "\n"
            << "compiler " << stamp.compiler.data() << ", " << stamp.standard_library.data() << "\n"
            << "LibTorch " << stamp.torch.data() << "\n";
}

int dispatch(Arguments arguments) {
  if (arguments.words.empty()) {
    print_help();
    return kOk;
  }
  std::string name = arguments.words.front();
  arguments.words.erase(arguments.words.begin());
  if (name == "--version") {
    print_version();
    return kOk;
  }
  if (name == "help" && !arguments.words.empty()) {
    name = arguments.words.front();
    arguments.words.front() = "--help";
  } else if (name == "-h" || name == "--help" || name == "help") {
    print_help();
    return kOk;
  }
  if (const Command* command = find_command(name)) {
    return command->run(arguments);
  }
  const bool is_option = name.rfind('-', 0) == 0;
  std::vector<std::string> names{"help"};
  for (const Command& command : kCommands) {
    names.emplace_back(command.name);
  }
  if (is_option) {
    names = {"--help", "--version", "--quiet", "--color", "--plugin-path"};
  }
  const std::string what = is_option ? "option" : "command";
  std::vector<std::string> help = similar_name(what, name, names);
  help.emplace_back("`ncmlab --help` lists commands and options");
  throw Error(is_option ? "usage.unknown-option" : "usage.unknown-command",
              "unknown " + what + " `" + name + "`", help);
}

int run(int argc, char** argv) {
  open_standard_streams();
  Arguments arguments;
  try {
    arguments = read_arguments(argc, argv);
    return finish_output(arguments, dispatch(arguments));
  } catch (const Error& error) {
    std::cout.flush();
    return print(arguments, error);
  } catch (const Cancelled&) {
    std::cerr << "interrupted\n";
    return kInterrupted;
  } catch (const std::filesystem::filesystem_error& error) {
    std::cout.flush();
    return print(arguments, Error(path_problem(error)));
  } catch (const std::exception& error) {
    std::cerr << "error[internal]: " << printable(error.what())
              << "\n   = note: this is a defect of ncmlab; please report it with the command and "
                 "the file that led to it\n";
    return kInternalError;
  }
}

/// Ends the process once everything is written, without exit handlers: those of oneDNN and LibTorch
/// crash at times when work was cut off.
[[noreturn]] void leave(int status) {
  std::cout.flush();
  std::fflush(nullptr);
#ifdef __SANITIZE_ADDRESS__
  std::exit(status);  // leaks are looked for in an exit handler
#else
  ::_exit(status);
#endif
}

}  // namespace
}  // namespace ncmlab::app

int main(int argc, char** argv) { ncmlab::app::leave(ncmlab::app::run(argc, argv)); }
