// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "ncmlab/core/enum_names.hpp"

namespace ncmlab {

/// A place in a text file. Lines and columns count from 1, columns in code points.
struct Span {
  std::string file;
  int line = 0;
  int column = 0;
  int length = 1;           ///< code points to underline; at least 1
  std::string source_line;  ///< the text of the line, without its end; may be empty
};

enum class Severity { error, warning, note };

constexpr auto enum_names(Severity) {
  using enum Severity;
  return std::to_array<EnumName<Severity>>(
      {{error, "error"}, {warning, "warning"}, {note, "note"}});
}

/// One message for a person: what was expected, what was found, how to go on.
struct Diagnostic {
  Severity severity = Severity::error;
  std::string code;     ///< stable dotted words, for example `config.unknown-key`
  std::string message;  ///< lower case, no trailing period, names in backticks
  std::optional<Span> span = std::nullopt;
  std::vector<std::string> help = {};   ///< imperative: a command or the corrected text
  std::vector<std::string> notes = {};  ///< facts that explain the message
};

/// Ends a command or a cell. Carries one or more diagnostics.
class Error : public std::runtime_error {
 public:
  explicit Error(Diagnostic diagnostic);
  explicit Error(std::vector<Diagnostic> diagnostics);
  Error(std::string code, std::string message, std::vector<std::string> help = {});

  const std::vector<Diagnostic>& diagnostics() const { return diagnostics_; }

 private:
  std::vector<Diagnostic> diagnostics_;
};

/// Thrown by Progress::check() after Ctrl-C or SIGTERM; never caught by a plugin.
class Cancelled : public std::runtime_error {
 public:
  Cancelled() : std::runtime_error("cancelled") {}
};

/// The diagnostic as text: message, place, source line with carets, help and notes.
/// With `colour`, ANSI escapes mark severity and place.
std::string render(const Diagnostic& diagnostic, bool colour = false);

/// The diagnostic as one JSON object (a string of JSON).
std::string to_json(const Diagnostic& diagnostic);

}  // namespace ncmlab
