// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/tokenize/name_vocabulary.hpp"

#include <algorithm>
#include <string_view>

#include "ncmlab/core/ascii.hpp"

namespace ncmlab {
namespace {

/// As byte-level vocabularies spell the blank before a word.
constexpr std::string_view kBoundary = "\xc4\xa0";

/// U+0120 and every other mapped byte is not ASCII, so this also drops tokens with a boundary.
bool is_name_character(char c) { return is_letter(c) || is_digit(c) || c == '_'; }

}  // namespace

std::vector<std::int64_t> name_vocabulary(const Tokenizer& tokenizer, NameUse use,
                                          const std::set<Language>& languages) {
  std::vector<std::int64_t> ids;
  for (std::int64_t id = 0; id < tokenizer.vocab_size(); ++id) {
    std::string_view token = tokenizer.token(id);
    if (use == NameUse::starts_name) {
      if (!token.starts_with(kBoundary)) {
        continue;
      }
      token.remove_prefix(kBoundary.size());
    }
    if (tokenizer.is_special(id) || token.empty() ||
        !std::all_of(token.begin(), token.end(), is_name_character)) {
      continue;
    }
    const bool legal = use == NameUse::continues_name ||
                       std::all_of(languages.begin(), languages.end(), [&](Language language) {
                         return is_valid_identifier(token, language);
                       });
    if (legal) {
      ids.push_back(id);
    }
  }
  return ids;
}

}  // namespace ncmlab
