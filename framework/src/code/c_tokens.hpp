// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>
#include <vector>

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

}  // namespace ncmlab::detail
