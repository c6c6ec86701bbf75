// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ncmlab/core/ascii.hpp"

namespace ncmlab::detail {

/// A byte that a word of some language may hold; all bytes beyond ASCII are taken for one.
inline bool is_word_byte(char c) {
  return is_letter(c) || is_digit(c) || c == '_' || c == '$' ||
         static_cast<unsigned char>(c) >= 0x80;
}

/// A byte that may begin an identifier of C, C++ or Java.
inline bool starts_word(char c) { return is_word_byte(c) && !is_digit(c); }

}  // namespace ncmlab::detail
