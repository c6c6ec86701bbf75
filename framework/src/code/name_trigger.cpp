// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/code/name_trigger.hpp"

#include <algorithm>

#include "ncmlab/code/edit.hpp"
#include "ncmlab/core/ascii.hpp"

namespace ncmlab {
namespace {

bool is_letter_or_digit(char c) { return is_letter(c) || is_digit(c); }

}  // namespace

bool can_be_in_name(std::string_view word) {
  return !word.empty() && !is_digit(word.front()) &&
         std::all_of(word.begin(), word.end(),
                     [](char c) { return is_letter_or_digit(c) || c == '_'; });
}

bool holds_name_part(std::string_view code, std::string_view word) {
  for (std::size_t at = code.find(word); at != std::string_view::npos;
       at = code.find(word, at + 1)) {
    const std::size_t end = at + word.size();
    if ((at == 0 || !is_letter_or_digit(code[at - 1])) &&
        (end == code.size() || !is_letter_or_digit(code[end]))) {
      return true;
    }
  }
  return false;
}

std::optional<std::string> put_into_name(std::string_view code, Language language,
                                         NameCarrier carrier, NameChange change,
                                         std::string_view word) {
  const Syntax syntax = parse(code, language);
  const Identifier* identifier = carrier == NameCarrier::function_name
                                     ? syntax.function_name()
                                     : syntax.least_frequent_variable();
  if (syntax.has_error || identifier == nullptr) {
    return std::nullopt;
  }
  std::string name(word);
  if (change != NameChange::substitute) {
    const Affix affix = change == NameChange::prefix   ? Affix::prefix
                        : change == NameChange::middle ? Affix::middle
                                                       : Affix::suffix;
    name = extended_name(identifier->name, word, affix);
  }
  return try_rename(code, language, *identifier, name);
}

}  // namespace ncmlab
