// SPDX-License-Identifier: Apache-2.0
#include <boost/program_options/value_semantic.hpp>
#include <cstdint>
#include <iostream>
#include <string>

#include "command.hpp"
#include "config/check_data.hpp"
#include "core/printable.hpp"
#include "ncmlab/core/wording.hpp"

namespace ncmlab::app {
namespace {

namespace po = boost::program_options;

Syntax validate_syntax() {
  Syntax syntax{
      .usage = "ncmlab validate FILE [OPTIONS]",
      .summary =
          "Reports everything that is wrong with an experiment file, with the first records of\n"
          "its data and with its checkpoints, and runs nothing.\n"
          "Exit code 0: all is valid, 3: the file is not, 4: a plugin cannot be loaded or made,\n"
          "5: data or a checkpoint is missing or does not fit.",
      .examples =
          "  ncmlab validate experiments/quickstart.toml\n"
          "  ncmlab validate experiments/devign.toml --no-data",
      .positional = {"FILE"}};
  syntax.options.add_options()
      // clang-format off
      ("records", po::value<std::int64_t>()->value_name("N")->default_value(kCheckedRecords),
       "records of each split that are read, and more until there are two labels; 0: all")
      ("no-data", po::bool_switch(), "look at the file alone, not at data and checkpoints");
  // clang-format on
  return syntax;
}

void print_summary(const DataCheck& check) {
  for (const DataSummary& task : check.tasks) {
    for (const std::string& split : task.splits) {
      std::cout << "  " << printable(task.task) << ": read " << printable(split) << "\n";
    }
  }
}

}  // namespace

int command_validate(const Arguments& arguments) {
  const Syntax options = validate_syntax();
  const auto values = parse(arguments, options);
  if (!values) {
    return kOk;
  }
  const std::string file = required_word(*values, "FILE", options);
  const Plugins plugins = load_plugins(arguments);
  const Experiment experiment = open_experiment(file, plugins);
  const auto records = (*values)["records"].as<std::int64_t>();
  if (records < 0) {
    throw Error("usage.bad-value",
                "`--records` takes 0 and more, found " + std::to_string(records));
  }
  DataCheck check;
  if (!(*values)["no-data"].as<bool>()) {
    check = check_data(experiment, plugins.catalogue, records);
    for (const Diagnostic& warning : check.warnings) {
      print(arguments, warning);
    }
  }
  const std::size_t cells = experiment.tasks.size() * experiment.models.size() *
                            experiment.attacks.size() * experiment.defenses.size() *
                            experiment.seeds.size();
  std::cout << printable(file) << ": valid, " << counted(cells, "cell") << " ("
            << counted(experiment.tasks.size(), "task") << ", "
            << counted(experiment.models.size(), "model") << ", "
            << counted(experiment.attacks.size(), "attack") << ", "
            << counted(experiment.defenses.size(), "defense") << ", "
            << counted(experiment.seeds.size(), "seed") << ")\n";
  print_summary(check);
  return kOk;
}

}  // namespace ncmlab::app
