// SPDX-License-Identifier: Apache-2.0
#include "tokenize/byte_alphabet.hpp"

#include <array>

#include "tokenize/unicode.hpp"

namespace ncmlab::bpe {
namespace {

constexpr char32_t kFirstStandIn = 0x100;

struct Alphabet {
  std::array<std::string, 256> printable;
  std::array<int, 2 * 256> byte;  ///< by code point, -1: stands for none
};

Alphabet make_alphabet() {
  Alphabet alphabet;
  alphabet.byte.fill(-1);
  char32_t next = kFirstStandIn;
  for (int byte = 0; byte < 256; ++byte) {
    const bool itself = (byte >= 0x21 && byte <= 0x7E) || (byte >= 0xA1 && byte != 0xAD);
    const char32_t stand_in = itself ? static_cast<char32_t>(byte) : next++;
    append_utf8(stand_in, alphabet.printable[byte]);
    alphabet.byte[stand_in] = byte;
  }
  return alphabet;
}

const Alphabet& alphabet() {
  static const Alphabet instance = make_alphabet();
  return instance;
}

}  // namespace

const std::string& printable(unsigned char byte) { return alphabet().printable[byte]; }

std::string to_printable(std::string_view bytes) {
  std::string result;
  result.reserve(bytes.size());
  for (const char byte : bytes) {
    result += printable(static_cast<unsigned char>(byte));
  }
  return result;
}

std::optional<std::string> from_printable(std::string_view token) {
  std::string result;
  for (std::size_t at = 0; at < token.size();) {
    const CodePoint code_point = decode_utf8(token, at);
    if (code_point.value >= alphabet().byte.size() || alphabet().byte[code_point.value] < 0) {
      return std::nullopt;
    }
    result += static_cast<char>(alphabet().byte[code_point.value]);
    at += code_point.size;
  }
  return result;
}

}  // namespace ncmlab::bpe
