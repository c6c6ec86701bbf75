// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>
#include <vector>

namespace ncmlab {

/// `source` cut into words (letters, digits, `_`, `$` and bytes beyond ASCII) and single other
/// characters, without white space. Needs no grammar: the words of strings and comments are among
/// them.
std::vector<std::string_view> lexemes(std::string_view source);

/// The same with every run of white space as a lexeme of its own, so that the lexemes joined are
/// the source.
std::vector<std::string_view> lexemes_and_space(std::string_view source);

}  // namespace ncmlab
