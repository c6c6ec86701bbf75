// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>
#include <span>
#include <string_view>
#include <vector>

#include "ncmlab/code/syntax.hpp"

namespace ncmlab::detail {

enum class CTokenKind { word, number, literal, sign };

/// A token of C or C++ text; comments are none. Signs are `->`, `##`, `::` and single characters.
struct CToken {
  std::string_view text;
  CTokenKind kind = CTokenKind::sign;

  bool is_word() const { return kind == CTokenKind::word; }
  bool is(std::string_view wanted) const { return text == wanted; }
};

/// A line that begins with `#`, lines joined by a backslash counted as one.
struct CDirective {
  std::string_view name;       ///< `define`, `pragma` ...
  std::vector<CToken> tokens;  ///< what follows the name
};

struct CTokens {
  std::vector<CToken> tokens;  ///< outside directives
  std::vector<CDirective> directives;
};

CTokens read_c_tokens(std::string_view text);

/// What a `#define` defines; refers to the directive's tokens.
struct CMacro {
  std::string_view name;  ///< empty where the directive has none
  bool has_parameters = false;
  std::set<std::string_view> parameters;  ///< `__VA_ARGS__` among them
  std::span<const CToken> body;
};
CMacro read_macro(const CDirective& define);

/// A word of C or C++ text that stands outside comments, strings and directives other than
/// `#define`, with its neighbours.
struct CWord {
  std::string_view text;
  ByteRange range;
  std::string_view
      previous;      ///< the token before; empty for the first of the text and of a macro's body
  char next = '\0';  ///< the first character of the token after
  bool is_pasted = false;  ///< operand of `#` or `##`
};

/// The words of `text` that may name variables, in order: names and parameters of macros are left
/// out.
std::vector<CWord> c_words(std::string_view text);

}  // namespace ncmlab::detail
