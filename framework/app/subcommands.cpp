// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "command.hpp"

namespace ncmlab::app {
namespace {

std::string joined(const std::vector<Subcommand>& commands, const std::string& between,
                   const std::string& last, const std::string& mark) {
  std::string text;
  for (std::size_t i = 0; i < commands.size(); ++i) {
    text += i == 0 ? "" : i + 1 == commands.size() ? last : between;
    text += mark + std::string(commands[i].name) + mark;
  }
  return text;
}

}  // namespace

int run_subcommand(const Arguments& arguments, const std::string& group, std::string_view help,
                   const std::vector<Subcommand>& commands) {
  Arguments rest = arguments;
  auto& words = rest.words;
  const auto word = std::find_if(words.begin(), words.end(), [](const std::string& candidate) {
    return candidate.rfind('-', 0) != 0;
  });
  const std::string own_help = "`ncmlab " + group + " --help`";
  if (word == words.end()) {
    const std::string usage = "ncmlab " + group + " " + joined(commands, "|", "|", "");
    if (parse(rest, {.usage = usage, .summary = help, .examples = {}})) {
      throw Error("usage.missing-command", "expected " + joined(commands, ", ", " or ", "`"),
                  {own_help + " explains them"});
    }
    return 0;
  }
  const std::string name = *word;
  words.erase(word);
  std::vector<std::string> names;
  for (const Subcommand& command : commands) {
    names.emplace_back(command.name);
    if (command.name == name) {
      return command.run(rest);
    }
  }
  std::vector<std::string> hints;
  if (const auto near = suggest(name, names)) {
    hints.push_back("similar: `" + group + " " + *near + "`");
  }
  hints.push_back(own_help + " lists the commands");
  throw Error("usage.unknown-command", "unknown command `" + group + " " + name + "`", hints);
}

}  // namespace ncmlab::app
