// SPDX-License-Identifier: Apache-2.0
#include <iostream>

#include "command.hpp"
#include "core/printable.hpp"

namespace ncmlab::app {
namespace {

Syntax syntax() {
  return {.usage = "ncmlab validate FILE",
          .summary =
              "Reports everything that is wrong with an experiment file and runs nothing.\n"
              "Exit code 0: the file is valid, 3: it is not, 5: its data is not there.",
          .examples = "  ncmlab validate experiments/quickstart.toml",
          .positional = {"FILE"}};
}

std::string count(std::size_t number, const std::string& singular, const std::string& plural) {
  return std::to_string(number) + " " + (number == 1 ? singular : plural);
}

}  // namespace

int command_validate(const Arguments& arguments) {
  const Syntax options = syntax();
  const auto values = parse(arguments, options);
  if (!values) {
    return kOk;
  }
  const std::string file = required_word(*values, "FILE", options);
  const Plugins plugins = load_plugins(arguments);
  const Experiment experiment = open_experiment(file, plugins);
  check_data(experiment, plugins.catalogue);
  const std::size_t cells = experiment.tasks.size() * experiment.models.size() *
                            experiment.attacks.size() * experiment.defenses.size() *
                            experiment.seeds.size();
  std::cout << printable(file) << ": valid, " << count(cells, "cell", "cells") << " ("
            << count(experiment.tasks.size(), "task", "tasks") << ", "
            << count(experiment.models.size(), "model", "models") << ", "
            << count(experiment.attacks.size(), "attack", "attacks") << ", "
            << count(experiment.defenses.size(), "defense", "defenses") << ", "
            << count(experiment.seeds.size(), "seed", "seeds") << ")\n";
  return kOk;
}

}  // namespace ncmlab::app
