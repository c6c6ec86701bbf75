// SPDX-License-Identifier: Apache-2.0
#include "config/toml.hpp"

#include <algorithm>
#include <cctype>
#include <string_view>

#include "config/problems.hpp"
#include "config/toml_nesting.hpp"
#include "core/printable.hpp"

namespace ncmlab::config {
namespace {

// No experiment needs more, and toml++ keeps several times the size in memory.
constexpr std::size_t kMostBytes = std::size_t{4} << 20;

bool trips_assertion(std::string_view text) {
  try {
    static_cast<void>(toml::parse(text));
  } catch (const TomlAssertion&) {
    return true;
  } catch (const toml::parse_error&) {
    return false;
  }
  return false;
}

// The line on which toml++ gives up: the shortest text that trips it ends with that line. A parser
// that reads from left to right trips over every longer one as well.
toml::source_index failing_line(std::string_view text) {
  std::vector<std::size_t> ends;
  for (std::size_t end = 0; end < text.size();) {
    end = std::min(text.size(), text.find('\n', end)) + 1;
    ends.push_back(std::min(end, text.size()));
  }
  const auto first = std::partition_point(ends.begin(), ends.end(), [&](std::size_t end) {
    return !trips_assertion(text.substr(0, end));
  });
  return static_cast<toml::source_index>(first - ends.begin()) + 1;
}

std::string as_message(std::string_view description) {
  std::string message(description);
  if (!message.empty()) {
    message[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(message[0])));
  }
  while (!message.empty() && message.back() == '.') {
    message.pop_back();
  }
  // What toml++ quotes from the file may hold anything.
  return printable(message);
}

}  // namespace

void fail_toml_assertion(const char* condition) { throw TomlAssertion(condition); }

toml::table parse_toml(const std::string& text, const std::string& file) {
  Problems problems(file, text);
  if (text.size() > kMostBytes) {
    problems.add("config.too-large", "the file has " + std::to_string(text.size()) +
                                         " bytes, at most " + std::to_string(kMostBytes) +
                                         " are read");
    problems.throw_if_any();
  }
  if (const auto deep = too_deep(text)) {
    const toml::source_position begin{static_cast<toml::source_index>(deep->line),
                                      static_cast<toml::source_index>(deep->column)};
    problems.add("config.too-deep", deep->what,
                 toml::source_region{begin, {begin.line, begin.column + 1}, nullptr});
    problems.throw_if_any();
  }
  try {
    return toml::parse(text, file);
  } catch (const toml::parse_error& error) {
    problems.add("config.syntax", as_message(error.description()), error.source());
  } catch (const TomlAssertion&) {
    const toml::source_position begin{failing_line(text), 1};
    problems.add("config.syntax", "malformed key or table header",
                 toml::source_region{begin, {begin.line + 1, 1}, nullptr});
  }
  problems.throw_if_any();
  return {};
}

}  // namespace ncmlab::config
