// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>

#include "command.hpp"
#include "core/printable.hpp"

namespace ncmlab::app {
namespace {

bool is_set(const char* variable) {
  const char* value = std::getenv(variable);
  return value != nullptr && *value != '\0';
}

}  // namespace

bool use_color(const Arguments& arguments, int file_descriptor) {
  if (arguments.color != ColorMode::automatic) {
    return arguments.color == ColorMode::always;
  }
  if (is_set("NO_COLOR")) {
    return false;
  }
  if (is_set("CLICOLOR_FORCE")) {
    return true;
  }
  const char* term = std::getenv("TERM");
  return isatty(file_descriptor) == 1 && (term == nullptr || std::string_view(term) != "dumb");
}

void print(const Arguments& arguments, const Diagnostic& diagnostic) {
  if (arguments.quiet && diagnostic.severity != Severity::error) {
    return;
  }
  std::string text = render(diagnostic, use_color(arguments, STDERR_FILENO));
  if (text.empty() || text.back() != '\n') {
    text += '\n';
  }
  std::cerr << text;
}

int print(const Arguments& arguments, const Error& error) {
  for (const Diagnostic& diagnostic : error.diagnostics()) {
    print(arguments, diagnostic);
  }
  const auto& all = error.diagnostics();
  const bool one_file = std::all_of(all.begin(), all.end(), [&](const Diagnostic& diagnostic) {
    return diagnostic.severity == Severity::error && diagnostic.span &&
           diagnostic.span->file == all.front().span->file;
  });
  if (all.size() > 1 && one_file) {
    std::cerr << "error: " << all.size() << " problems in " << printable(all.front().span->file)
              << ", nothing was run\n";
  }
  return exit_code(error);
}

int exit_code(const Error& error) {
  constexpr std::pair<std::string_view, ExitCode> kCodes[] = {
      {"usage", kUsage},           {"config", kInvalidConfig}, {"plan", kInvalidConfig},
      {"plugin", kPluginFailed},   {"data", kMissingData},     {"checkpoint", kMissingData},
      {"tokenizer", kMissingData}, {"io", kMissingData},       {"train", kCellsFailed},
      {"engine", kCellsFailed},    {"store", kMissingData},    {"device", kMissingData},
      {"task", kPluginFailed},     {"model", kPluginFailed},   {"attack", kPluginFailed},
      {"defense", kPluginFailed},  {"language", kMissingData},
  };
  for (const Diagnostic& diagnostic : error.diagnostics()) {
    const std::string_view code = diagnostic.code;
    if (code == "store.locked") {
      return kLocked;
    }
    const std::string_view area = code.substr(0, code.find('.'));
    for (const auto& [name, value] : kCodes) {
      if (diagnostic.severity == Severity::error && area == name) {
        return value;
      }
    }
  }
  return kInternalError;
}

}  // namespace ncmlab::app
