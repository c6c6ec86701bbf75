// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <set>
#include <vector>

#include "ncmlab/code/syntax.hpp"
#include "ncmlab/core/enum_names.hpp"
#include "ncmlab/tokenize/tokenizer.hpp"

namespace ncmlab {

/// What tokens in a name are for.
enum class NameUse {
  continues_name,  ///< they follow a name's own tokens: digits and keywords are harmless
  is_name,         ///< they may stand alone: no token starts with a digit or is a keyword
  starts_name,     ///< likewise, behind the word boundary (U+0120) that each of them starts with
};

/// Those that a trigger's alphabet is chosen by.
constexpr auto enum_names(NameUse) {
  return std::to_array<EnumName<NameUse>>(
      {{NameUse::continues_name, "continuation"}, {NameUse::is_name, "name"}});
}

/// Ids, ascending, of the tokens that may stand in a name (Sun et al., EliBadCode, section 4.2): no
/// special token, no leading word boundary but where it is asked for, `^[a-zA-Z0-9_]+$`. All of
/// `languages` must allow them.
std::vector<std::int64_t> name_vocabulary(const Tokenizer& tokenizer, NameUse use,
                                          const std::set<Language>& languages);

}  // namespace ncmlab
