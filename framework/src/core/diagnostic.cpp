// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/core/diagnostic.hpp"

#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>

namespace ncmlab {
namespace {

std::string joined_messages(const std::vector<Diagnostic>& diagnostics) {
  std::string text;
  for (const Diagnostic& diagnostic : diagnostics) {
    if (!text.empty()) {
      text += "; ";
    }
    text += diagnostic.message;
  }
  return text;
}

std::string lower(std::string_view word) {
  std::string result(word);
  std::transform(result.begin(), result.end(), result.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return result;
}

// Optimal string alignment: insertions, deletions, substitutions and swaps of neighbours cost 1.
std::size_t edit_distance(const std::string& a, const std::string& b) {
  std::vector<std::vector<std::size_t>> cost(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) {
    for (std::size_t j = 0; j <= b.size(); ++j) {
      if (i == 0 || j == 0) {
        cost[i][j] = i + j;
        continue;
      }
      const std::size_t change = a[i - 1] == b[j - 1] ? 0 : 1;
      cost[i][j] = std::min({cost[i - 1][j] + 1, cost[i][j - 1] + 1, cost[i - 1][j - 1] + change});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
      }
    }
  }
  return cost[a.size()][b.size()];
}

std::string_view name_of(Severity severity) {
  switch (severity) {
    case Severity::error:
      return "error";
    case Severity::warning:
      return "warning";
    case Severity::note:
      break;
  }
  return "note";
}

std::string_view colour_of(Severity severity) {
  switch (severity) {
    case Severity::error:
      return "\033[1;31m";
    case Severity::warning:
      return "\033[1;33m";
    case Severity::note:
      break;
  }
  return "\033[1;36m";
}

}  // namespace

Error::Error(Diagnostic diagnostic) : Error(std::vector<Diagnostic>{std::move(diagnostic)}) {}

Error::Error(std::vector<Diagnostic> diagnostics)
    : std::runtime_error(joined_messages(diagnostics)), diagnostics_(std::move(diagnostics)) {}

Error::Error(std::string code, std::string message, std::vector<std::string> help)
    : Error(Diagnostic{.code = std::move(code), .message = std::move(message), .help = std::move(help)}) {}

std::string render(const Diagnostic& diagnostic, bool colour) {
  const std::string_view reset = colour ? "\033[0m" : "";
  const std::string_view blue = colour ? "\033[1;34m" : "";
  const std::string_view accent = colour ? colour_of(diagnostic.severity) : "";
  std::string out(accent);
  out += name_of(diagnostic.severity);
  if (!diagnostic.code.empty()) {
    out += "[" + diagnostic.code + "]";
  }
  out += reset;
  out += ": " + diagnostic.message + "\n";
  std::string margin = " ";
  if (diagnostic.span) {
    const Span& span = *diagnostic.span;
    out += " ";
    out += blue;
    out += " --> ";
    out += reset;
    out += span.file;
    if (span.line > 0) {
      out += ":" + std::to_string(span.line);
      if (span.column > 0) {
        out += ":" + std::to_string(span.column);
      }
    }
    out += "\n";
    if (span.line > 0 && !span.source_line.empty()) {
      const std::string number = std::to_string(span.line);
      margin = std::string(number.size() + 1, ' ');
      std::string indent;
      for (int i = 1; i < span.column && i <= static_cast<int>(span.source_line.size()); ++i) {
        indent += span.source_line[static_cast<std::size_t>(i - 1)] == '\t' ? '\t' : ' ';
      }
      out += margin;
      out += blue;
      out += "|\n" + number + " |";
      out += reset;
      out += " " + span.source_line + "\n" + margin;
      out += blue;
      out += "| ";
      out += accent;
      out += indent + std::string(static_cast<std::size_t>(std::max(1, span.length)), '^');
      out += reset;
      out += "\n";
    }
  }
  for (const std::string& help : diagnostic.help) {
    out += margin + " = help: " + help + "\n";
  }
  for (const std::string& note : diagnostic.notes) {
    out += margin + " = note: " + note + "\n";
  }
  return out;
}

std::string to_json(const Diagnostic& diagnostic) {
  nlohmann::ordered_json json;
  json["severity"] = name_of(diagnostic.severity);
  json["code"] = diagnostic.code;
  json["message"] = diagnostic.message;
  if (diagnostic.span) {
    json["file"] = diagnostic.span->file;
    json["line"] = diagnostic.span->line;
    json["column"] = diagnostic.span->column;
  }
  json["help"] = diagnostic.help;
  json["notes"] = diagnostic.notes;
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::optional<std::string> suggest(std::string_view word, const std::vector<std::string>& candidates) {
  const std::string wanted = lower(word);
  const std::size_t limit = std::min<std::size_t>(3, wanted.size() / 2);
  std::optional<std::string> best;
  std::size_t best_distance = limit + 1;
  for (const std::string& candidate : candidates) {
    const std::size_t distance = edit_distance(wanted, lower(candidate));
    if (distance < best_distance) {
      best_distance = distance;
      best = candidate;
    }
  }
  return best;
}

}  // namespace ncmlab
