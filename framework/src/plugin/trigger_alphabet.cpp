// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/plugin/trigger_alphabet.hpp"

namespace ncmlab {

TriggerAlphabet trigger_alphabet(const Tokenizer& tokenizer, NameUse use,
                                 const std::set<Language>& languages, NameEdit change) {
  TriggerAlphabet alphabet;
  alphabet.later = name_vocabulary(tokenizer, use, languages);
  if (change == NameEdit::replace) {
    alphabet.first = name_vocabulary(tokenizer, NameUse::starts_name, languages);
    if (alphabet.first.empty()) {
      alphabet.first = name_vocabulary(tokenizer, NameUse::is_name, languages);
    }
  } else {
    alphabet.first = alphabet.later;
  }
  return alphabet;
}

}  // namespace ncmlab
