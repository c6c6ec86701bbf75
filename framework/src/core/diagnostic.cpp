// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/core/diagnostic.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/printable.hpp"
#include "ncmlab/core/wording.hpp"

namespace ncmlab {
namespace {

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

// Wraps text in ANSI escapes, or not.
struct Paint {
  bool colour;
  std::string_view accent_escape;

  std::string in(std::string_view escape, const std::string& text) const {
    return colour ? std::string(escape) + text + "\033[0m" : text;
  }
  std::string accent(const std::string& text) const { return in(accent_escape, text); }
  std::string place(const std::string& text) const { return in("\033[1;34m", text); }
};

std::string place_of(const Span& span) {
  std::string place = span.file;
  if (span.line > 0) {
    place += ":" + std::to_string(span.line);
    if (span.column > 0) {
      place += ":" + std::to_string(span.column);
    }
  }
  return place;
}

std::size_t code_points(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) >> 6) != 2; }));
}

// The source line, or the part of it around the place, and a line of carets below it. Tabs are
// repeated in the indent, so that the carets stand right whatever the width of a tab is.
std::string source_excerpt(const Span& span, const std::string& margin, const Paint& paint) {
  constexpr int kBefore = 60;
  constexpr int kWidest = 160;
  const int first = std::max(1, span.column - kBefore);
  std::string shown = first > 1 ? "..." : "";
  std::string indent(shown.size(), ' ');
  std::string carets;
  std::string_view rest = span.source_line;
  for (int column = 1; !rest.empty() && column < first + kWidest; ++column) {
    std::size_t size = 1;
    while (size < rest.size() && (static_cast<unsigned char>(rest[size]) >> 6) == 2) {
      ++size;
    }
    if (column >= first) {
      const std::string character = printable_lines(rest.substr(0, size));
      if (column < span.column) {
        indent += character == "\t" ? character : std::string(code_points(character), ' ');
      } else if (column - span.column < std::max(1, span.length)) {
        carets += std::string(code_points(character), '^');
      }
      shown += character;
    }
    rest.remove_prefix(size);
  }
  return margin + paint.place("|") + "\n" + paint.place(std::to_string(span.line) + " |") + " " +
         shown + (rest.empty() ? "" : "...") + "\n" + margin + paint.place("|") + " " + indent +
         paint.accent(carets.empty() ? "^" : carets) + "\n";
}

}  // namespace

Error::Error(Diagnostic diagnostic) : Error(std::vector<Diagnostic>{std::move(diagnostic)}) {}

Error::Error(std::vector<Diagnostic> diagnostics)
    : std::runtime_error(joined(diagnostics, "; ", &Diagnostic::message)),
      diagnostics_(std::move(diagnostics)) {}

Error::Error(std::string code, std::string message, std::vector<std::string> help)
    : Error(Diagnostic{
          .code = std::move(code), .message = std::move(message), .help = std::move(help)}) {}

std::string render(const Diagnostic& diagnostic, bool colour) {
  const Paint paint{colour, colour_of(diagnostic.severity)};
  const std::string code = diagnostic.code.empty() ? "" : "[" + diagnostic.code + "]";
  std::string out = paint.accent(std::string(to_string(diagnostic.severity)) + code) + ": " +
                    printable_lines(diagnostic.message) + "\n";
  std::string margin = " ";
  if (diagnostic.span) {
    const Span& span = *diagnostic.span;
    out += " " + paint.place(" --> ") + printable(place_of(span)) + "\n";
    if (span.line > 0 && !span.source_line.empty()) {
      margin = std::string(std::to_string(span.line).size() + 1, ' ');
      out += source_excerpt(span, margin, paint);
    }
  }
  for (const std::string& help : diagnostic.help) {
    out += margin + " = help: " + printable_lines(help) + "\n";
  }
  for (const std::string& note : diagnostic.notes) {
    out += margin + " = note: " + printable_lines(note) + "\n";
  }
  return out;
}

std::string to_json(const Diagnostic& diagnostic) {
  nlohmann::ordered_json json;
  json["severity"] = to_string(diagnostic.severity);
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

}  // namespace ncmlab
