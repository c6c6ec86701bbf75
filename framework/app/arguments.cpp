// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <boost/program_options/errors.hpp>
#include <boost/program_options/parsers.hpp>
#include <boost/program_options/positional_options.hpp>
#include <boost/program_options/value_semantic.hpp>
#include <cctype>
#include <iostream>
#include <sstream>

#include "command.hpp"
#include "ncmlab/core/wording.hpp"

namespace ncmlab::app {
namespace {

namespace po = boost::program_options;

constexpr std::string_view kGlobalHelp =
    "Options of every command:\n"
    "  --plugin-path DIR     search DIR for plugins first; may be repeated\n"
    "  --color WHEN          auto, always or never (also: NO_COLOR, CLICOLOR_FORCE)\n"
    "  -q [ --quiet ]        errors and results only\n"
    "  -h [ --help ]         print this text\n";

ColorMode color_mode(const std::string& word) {
  const auto mode = from_string<ColorMode>(word);
  if (!mode) {
    throw Error("usage.bad-value",
                "`--color` takes " + listed_names<ColorMode>() + ", found `" + word + "`");
  }
  return *mode;
}

std::string quoted(const std::string& word) {
  const bool plain = !word.empty() && std::all_of(word.begin(), word.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 ||
           std::string_view("-_./=:,+@%").find(static_cast<char>(c)) != std::string_view::npos;
  });
  if (plain) {
    return word;
  }
  std::string result = "'";
  for (const char c : word) {
    result += c == '\'' ? std::string("'\\''") : std::string(1, c);
  }
  return result + "'";
}

// The value of `--name VALUE` or `--name=VALUE` at words[i]; moves i past what it took.
std::optional<std::string> value_of(const std::string& name, const std::vector<std::string>& words,
                                    std::size_t& i) {
  if (words[i].rfind(name + "=", 0) == 0) {
    return words[i].substr(name.size() + 1);
  }
  if (words[i] != name) {
    return std::nullopt;
  }
  if (i + 1 == words.size()) {
    throw Error("usage.missing-value", "option `" + name + "` needs a value");
  }
  return words[++i];
}

std::vector<std::string> long_names(const po::options_description& options) {
  std::vector<std::string> names{"--plugin-path", "--color", "--quiet", "--help"};
  for (const auto& option : options.options()) {
    names.push_back("--" + option->long_name());
  }
  return names;
}

std::string help_hint(const Syntax& syntax) {
  // "ncmlab plugins describe KIND/NAME" -> the words before the first that is no plain name.
  std::istringstream words{std::string(syntax.usage)};
  std::string word;
  std::string command;
  while (words >> word && std::islower(static_cast<unsigned char>(word.front())) != 0) {
    command += word + " ";
  }
  return "`" + command + "--help` lists the options";
}

void print_help(const Syntax& syntax) {
  std::cout << "Usage: " << syntax.usage << "\n\n" << syntax.summary << "\n";
  if (!syntax.examples.empty()) {
    std::cout << "\nExamples:\n" << syntax.examples << "\n";
  }
  if (!syntax.options.options().empty()) {
    std::cout << "\n" << syntax.options;
  }
  std::cout << "\n" << kGlobalHelp;
}

}  // namespace

Arguments read_arguments(int argc, const char* const* argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  Arguments result;
  result.command_line = "ncmlab";
  for (const std::string& word : words) {
    result.command_line += " " + quoted(word);
  }
  bool only_words = false;
  for (std::size_t i = 0; i < words.size(); ++i) {
    only_words = only_words || words[i] == "--";
    if (only_words) {
      result.words.push_back(words[i]);
    } else if (const auto path = value_of("--plugin-path", words, i)) {
      result.plugin_paths.push_back(*path);
    } else if (const auto when = value_of("--color", words, i)) {
      result.color = color_mode(*when);
    } else if (words[i] == "-q" || words[i] == "--quiet") {
      result.quiet = true;
    } else {
      result.words.push_back(words[i]);
    }
  }
  return result;
}

std::optional<po::variables_map> parse(const Arguments& arguments, const Syntax& syntax) {
  const auto& words = arguments.words;
  const auto end = std::find(words.begin(), words.end(), "--");
  if (std::any_of(words.begin(), end,
                  [](const std::string& word) { return word == "-h" || word == "--help"; })) {
    print_help(syntax);
    return std::nullopt;
  }
  po::options_description all;
  all.add(syntax.options);
  po::positional_options_description places;
  for (const std::string& name : syntax.positional) {
    all.add_options()(name.c_str(), po::value<std::string>());
    places.add(name.c_str(), 1);
  }
  if (!syntax.rest.empty()) {
    all.add_options()(syntax.rest.c_str(), po::value<std::vector<std::string>>());
    places.add(syntax.rest.c_str(), -1);
  }
  const int style = po::command_line_style::default_style & ~po::command_line_style::allow_guessing;
  try {
    po::variables_map values;
    po::store(po::command_line_parser(words).options(all).positional(places).style(style).run(),
              values);
    po::notify(values);
    return values;
  } catch (const po::unknown_option& error) {
    std::vector<std::string> help =
        similar_name("option", error.get_option_name(), long_names(syntax.options));
    help.push_back(help_hint(syntax));
    throw Error("usage.unknown-option", "unknown option `" + error.get_option_name() + "`", help);
  } catch (const po::too_many_positional_options_error&) {
    throw Error("usage.too-many-arguments",
                "too many arguments; usage: `" + std::string(syntax.usage) + "`",
                {help_hint(syntax)});
  } catch (const po::error& error) {
    std::string message = error.what();
    std::replace(message.begin(), message.end(), '\'', '`');
    throw Error("usage.bad-option", message, {help_hint(syntax)});
  }
}

std::string required_word(const po::variables_map& values, const std::string& name,
                          const Syntax& syntax) {
  if (values.count(name) == 0) {
    throw Error("usage.missing-argument",
                "missing argument; usage: `" + std::string(syntax.usage) + "`",
                {help_hint(syntax)});
  }
  return values[name].as<std::string>();
}

}  // namespace ncmlab::app
