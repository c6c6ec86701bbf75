// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <set>
#include <vector>

#include "ncmlab/code/syntax.hpp"
#include "ncmlab/tokenize/tokenizer.hpp"

namespace ncmlab::elibadcode {

/// What a trigger's tokens are for.
enum class TriggerUse {
  continues_name,  ///< they follow a name's own tokens: digits and keywords are harmless
  is_name,         ///< they may stand alone: no token starts with a digit or is a keyword
};

/// Stage 1. Ids, ascending, of the tokens that may stand in a name (paper, section 4.2): no special
/// token, no leading word boundary (U+0120), `^[a-zA-Z0-9_]+$`. All of `languages` must allow them.
std::vector<std::int64_t> filter_vocabulary(const Tokenizer& tokenizer, TriggerUse use,
                                            const std::set<Language>& languages);

}  // namespace ncmlab::elibadcode
