// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <span>
#include <string>

#include "command.hpp"
#include "ncmlab/core/wording.hpp"

namespace ncmlab::app {
namespace {

/// "`a`, `b` or `c`"
std::string alternatives(std::span<const Subcommand> commands) {
  return ticked_list(commands.first(commands.size() - 1), ", ", &Subcommand::name) + " or `" +
         std::string(commands.back().name) + "`";
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
    const std::string usage = "ncmlab " + group + " " + joined(commands, "|", &Subcommand::name);
    if (parse(rest, {.usage = usage, .summary = help, .examples = {}})) {
      throw Error("usage.missing-command", "expected " + alternatives(commands),
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
  std::vector<std::string> hints = similar_name("command", name, names);
  hints.push_back(own_help + " lists the commands");
  throw Error("usage.unknown-command", "unknown command `" + group + " " + name + "`", hints);
}

}  // namespace ncmlab::app
