// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace ncmlab::bpe {

enum class CharClass : std::uint8_t { other, letter, number, space };

/// The value of a byte that begins no well-formed UTF-8 sequence.
inline constexpr char32_t kInvalidByte = 0xFFFFFFFF;

struct CodePoint {
  char32_t value = kInvalidByte;
  std::size_t size = 1;  ///< bytes
};

/// The code point that begins at byte `at` of `text`; an ill-formed byte counts as kInvalidByte
/// of one byte. Precondition: at < text.size().
CodePoint decode_utf8(std::string_view text, std::size_t at);
void append_utf8(char32_t code_point, std::string& text);

/// \p{L}, \p{N}, White_Space or none of them, by Unicode 14.0; kInvalidByte is `other`.
CharClass char_class(char32_t code_point);
/// \w: letters, marks, decimal digits, letter numbers, connectors, joiners, circled letters.
bool is_word(char32_t code_point);

/// Appends the lower-case mapping of Unicode, context-free (U+0130 becomes two code points).
void append_lower(char32_t code_point, std::string& text);

}  // namespace ncmlab::bpe
