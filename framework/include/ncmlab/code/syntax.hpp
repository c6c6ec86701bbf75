// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ncmlab/core/enum_names.hpp"

namespace ncmlab {

enum class Language { c, cpp, java, python };

constexpr auto enum_names(Language) {
  using enum Language;
  return std::to_array<EnumName<Language>>(
      {{c, "c"}, {cpp, "cpp"}, {java, "java"}, {python, "python"}});
}

/// Bytes [begin, end) of a text.
struct ByteRange {
  std::size_t begin = 0;
  std::size_t end = 0;
  std::size_t size() const { return end - begin; }
  bool operator==(const ByteRange&) const = default;
};

enum class IdentifierKind { function_name, parameter, local_variable };

/// An identifier that the function itself declares, with every place where it stands.
struct Identifier {
  std::string name;
  IdentifierKind kind = IdentifierKind::local_variable;
  std::vector<ByteRange> occurrences;  ///< ascending; the declaration is among them
};

/// What tree-sitter says of one function's source. Offsets are bytes of that source.
/// Works on code that is not a whole file and on code with syntax errors: what could be
/// recognised is reported and `has_error` is set.
struct Syntax {
  bool has_error = false;
  /// Those that can be renamed without harm, as far as it can be known (docs/edits.md), in order of
  /// first occurrence; the function name comes first. Fields, types, labels, macros and functions
  /// other than the function itself are no occurrences, even where they are spelled alike.
  std::vector<Identifier> identifiers;
  /// Names that the function declares and that are not among the identifiers, in order of first
  /// occurrence: renaming one might change what the code does.
  std::vector<std::string> withheld;
  /// Places for a whole statement in the function's body, ascending: before one that need not come
  /// first and that no pragma governs. None in code that may tell of its lines and names.
  std::vector<std::size_t> statement_positions;
  /// Decimal integers of 2 to 9999 without suffix inside the function's body that any expression
  /// of the same value in parentheses may replace, ascending. Literals in attributes, inline
  /// assembly, patterns and arguments of what may be a macro are not among them; of code with
  /// syntax errors there are none.
  std::vector<ByteRange> integer_literals;
  /// The statements directly in the body, ascending, comments apart.
  std::vector<ByteRange> statements;
  /// The function's body: braces included (C, C++, Java), the indented block (Python).
  std::optional<ByteRange> body;

  const Identifier* function_name() const;
  const Identifier* find(std::string_view name) const;
  /// The variable or parameter with the fewest occurrences, of several the first.
  const Identifier* least_frequent_variable() const;
};

/// Parses `source`. Deterministic; safe to call from several threads.
Syntax parse(std::string_view source, Language language);

/// Whether `name` may name a variable or function: the right characters, not a keyword.
bool is_valid_identifier(std::string_view name, Language language);

/// The sub-words of a name in order: what `_` and changes of case separate (`readHTTPFile_2` ->
/// read, HTTP, File, 2).
std::vector<std::string_view> sub_words(std::string_view name);

/// The language's reserved words, sorted.
const std::vector<std::string_view>& keywords(Language language);

}  // namespace ncmlab
