// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <vector>

#include "ncmlab/code/syntax.hpp"
#include "ncmlab/plugin/trigger_edit.hpp"
#include "ncmlab/tokenize/name_vocabulary.hpp"
#include "ncmlab/tokenize/tokenizer.hpp"

namespace ncmlab {

/// Token ids, ascending, that a trigger may have.
struct TriggerAlphabet {
  std::vector<std::int64_t> first;  ///< for its first token
  std::vector<std::int64_t> later;  ///< for each of the others

  const std::vector<std::int64_t>& of(std::size_t place) const {
    return place == 0 ? first : later;
  }
};

/// name_vocabulary() for the later tokens, and for the first one where the trigger extends a name.
/// Where it replaces one, the first token starts a word, as the name did: a boundary (U+0120)
/// before a legal name; without any such token in the vocabulary a legal name alone.
TriggerAlphabet trigger_alphabet(const Tokenizer& tokenizer, NameUse use,
                                 const std::set<Language>& languages, NameEdit change);

}  // namespace ncmlab
