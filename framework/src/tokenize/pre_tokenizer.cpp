// SPDX-License-Identifier: Apache-2.0
#include "tokenize/pre_tokenizer.hpp"

#include <array>

#include "ncmlab/core/ascii.hpp"
#include "tokenize/unicode.hpp"

namespace ncmlab::bpe {
namespace {

constexpr std::array<CharClass, 128> make_ascii_classes() {
  std::array<CharClass, 128> classes{};
  for (std::size_t c = 0; c < classes.size(); ++c) {
    if (is_letter(static_cast<char>(c))) {
      classes[c] = CharClass::letter;
    } else if (is_digit(static_cast<char>(c))) {
      classes[c] = CharClass::number;
    } else if (c == ' ' || (c >= '\t' && c <= '\r')) {
      classes[c] = CharClass::space;
    }
  }
  return classes;
}

constexpr std::array<CharClass, 128> kAsciiClasses = make_ascii_classes();

struct ClassAt {
  CharClass char_class;
  std::size_t size;
};

inline ClassAt class_at(std::string_view text, std::size_t at) {
  const auto byte = static_cast<unsigned char>(text[at]);
  if (byte < 0x80) {
    return {kAsciiClasses[byte], 1};
  }
  const CodePoint code_point = decode_utf8(text, at);
  return {char_class(code_point.value), code_point.size};
}

std::size_t run_end(std::string_view text, std::size_t at, CharClass wanted) {
  while (at < text.size()) {
    const ClassAt next = class_at(text, at);
    if (next.char_class != wanted) {
      break;
    }
    at += next.size;
  }
  return at;
}

/// The bytes of an English contraction at an apostrophe; 0 if there is none.
std::size_t contraction_size(std::string_view text, std::size_t at) {
  const char first = at + 1 < text.size() ? text[at + 1] : '\0';
  if (first == 's' || first == 't' || first == 'm' || first == 'd') {
    return 2;
  }
  const char second = at + 2 < text.size() ? text[at + 2] : '\0';
  const bool pair = (first == 'r' && second == 'e') || (first == 'v' && second == 'e') ||
                    (first == 'l' && second == 'l');
  return pair ? 3 : 0;
}

/// A run of white space leaves its last character to what follows, unless it is all there is.
std::size_t space_end(std::string_view text, std::size_t begin, std::size_t first_size) {
  std::size_t last = begin;
  std::size_t at = begin + first_size;
  while (at < text.size()) {
    const ClassAt next = class_at(text, at);
    if (next.char_class != CharClass::space) {
      return last > begin ? last : at;
    }
    last = at;
    at += next.size;
  }
  return at;
}

}  // namespace

std::size_t piece_end(std::string_view text, std::size_t begin) {
  const ClassAt first = class_at(text, begin);
  if (first.char_class != CharClass::space) {
    if (text[begin] == '\'') {
      if (const std::size_t size = contraction_size(text, begin); size > 0) {
        return begin + size;
      }
    }
    return run_end(text, begin + first.size, first.char_class);
  }
  if (text[begin] == ' ' && begin + 1 < text.size()) {
    const ClassAt second = class_at(text, begin + 1);
    if (second.char_class != CharClass::space) {
      return run_end(text, begin + 1 + second.size, second.char_class);
    }
  }
  return space_end(text, begin, first.size);
}

}  // namespace ncmlab::bpe
