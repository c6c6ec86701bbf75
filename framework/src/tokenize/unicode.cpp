// SPDX-License-Identifier: Apache-2.0
#include "tokenize/unicode.hpp"

#include <utf8proc.h>

#include <vector>

#include "tokenize/unicode_ranges.hpp"

namespace ncmlab::bpe {
namespace {

template <typename Ranges>
void mark(const Ranges& ranges, CharClass char_class, std::vector<CharClass>& table) {
  for (const CodePointRange& range : ranges) {
    for (char32_t code_point = range.first; code_point <= range.last; ++code_point) {
      table[code_point] = char_class;
    }
  }
}

/// By code point, up to the last letter.
const std::vector<CharClass>& class_table() {
  static const std::vector<CharClass> table = [] {
    std::vector<CharClass> classes(kLetters.back().last + 1, CharClass::other);
    mark(kLetters, CharClass::letter, classes);
    mark(kNumbers, CharClass::number, classes);
    constexpr CodePointRange kSpaces[] = {
        {0x09, 0x0D},     {0x20, 0x20},     {0x85, 0x85},     {0xA0, 0xA0},     {0x1680, 0x1680},
        {0x2000, 0x200A}, {0x2028, 0x2029}, {0x202F, 0x202F}, {0x205F, 0x205F}, {0x3000, 0x3000}};
    mark(kSpaces, CharClass::space, classes);
    return classes;
  }();
  return table;
}

bool in_range(char32_t code_point, char32_t first, char32_t last) {
  return first <= code_point && code_point <= last;
}

}  // namespace

CodePoint decode_utf8(std::string_view text, std::size_t at) {
  const auto lead = static_cast<unsigned char>(text[at]);
  if (lead < 0x80) {
    return {lead, 1};
  }
  const std::size_t size = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || at + size > text.size()) {
    return {};
  }
  char32_t value = lead & (0x7F >> size);
  for (std::size_t i = 1; i < size; ++i) {
    const auto next = static_cast<unsigned char>(text[at + i]);
    if ((next & 0xC0) != 0x80) {
      return {};
    }
    value = value << 6 | (next & 0x3F);
  }
  const bool overlong = (size == 3 && value < 0x800) || (size == 4 && value < 0x10000);
  if (overlong || in_range(value, 0xD800, 0xDFFF) || value > 0x10FFFF) {
    return {};
  }
  return {value, size};
}

void append_utf8(char32_t code_point, std::string& text) {
  utf8proc_uint8_t bytes[4];
  const auto size = utf8proc_encode_char(static_cast<utf8proc_int32_t>(code_point), bytes);
  text.append(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
}

CharClass char_class(char32_t code_point) {
  static const std::vector<CharClass>& table = class_table();
  return code_point < table.size() ? table[code_point] : CharClass::other;
}

bool is_word(char32_t code_point) {
  if (code_point > 0x10FFFF) {
    return false;
  }
  if (code_point == 0x200C || code_point == 0x200D || in_range(code_point, 0x24B6, 0x24E9) ||
      in_range(code_point, 0x1F130, 0x1F149) || in_range(code_point, 0x1F150, 0x1F169) ||
      in_range(code_point, 0x1F170, 0x1F189)) {
    return true;
  }
  switch (utf8proc_category(static_cast<utf8proc_int32_t>(code_point))) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ME:
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL:
    case UTF8PROC_CATEGORY_PC:
      return true;
    default:
      return false;
  }
}

void append_lower(char32_t code_point, std::string& text) {
  if (code_point == 0x130) {
    text += "i\xCC\x87";
    return;
  }
  // Letters that later versions of Unicode added stay as they are, whatever utf8proc knows.
  const bool cased =
      char_class(code_point) != CharClass::other || in_range(code_point, 0x24B6, 0x24CF);
  append_utf8(
      cased ? static_cast<char32_t>(utf8proc_tolower(static_cast<utf8proc_int32_t>(code_point)))
            : code_point,
      text);
}

}  // namespace ncmlab::bpe
