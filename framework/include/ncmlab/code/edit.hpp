// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "ncmlab/code/syntax.hpp"

namespace ncmlab {

enum class Affix { prefix, suffix };

/// `source` with every occurrence of `identifier` replaced by `new_name`.
/// Throws Error `code.bad-name` when `new_name` is no legal identifier and `code.name-taken`
/// when the function already uses that word anywhere.
std::string rename(std::string_view source, Language language, const Identifier& identifier,
                   std::string_view new_name);

/// The name that `extend` gives: `word` + "_" + name, or name + "_" + `word`.
std::string extended_name(std::string_view name, std::string_view word, Affix affix);

/// rename() to extended_name().
std::string extend(std::string_view source, Language language, const Identifier& identifier,
                   std::string_view word, Affix affix);

/// `source` with `statement` inserted at `position` (one of Syntax::statement_positions), on a
/// line of its own with the indentation found there. Throws Error `code.bad-position`.
std::string insert_statement(std::string_view source, Language language, std::size_t position,
                             std::string_view statement);

/// `text` with every run of white space replaced by one blank and none at the ends, as
/// `' '.join(text.split())` does, and for each byte of it the byte of `text` it came from.
struct FoldedText {
  std::string text;
  std::vector<std::size_t> origin;  ///< origin[i] is the offset in the original of text[i]
};
FoldedText fold_whitespace(std::string_view text);

}  // namespace ncmlab
