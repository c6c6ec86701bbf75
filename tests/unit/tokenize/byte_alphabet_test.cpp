// SPDX-License-Identifier: Apache-2.0
#include "tokenize/byte_alphabet.hpp"

#include <gtest/gtest.h>

#include <set>

namespace ncmlab::bpe {
namespace {

TEST(ByteAlphabetTest, SpellsBlankAndNewlineAsGpt2Does) {
  EXPECT_EQ(to_printable(" a\n"), "\u0120a\u010A");
  EXPECT_EQ(printable(0x00), "\u0100");
  EXPECT_EQ(printable(0xAD), "\u0143");
  EXPECT_EQ(printable(0xFF), "\u00FF");
}

TEST(ByteAlphabetTest, GivesEachByteACharacterOfItsOwn) {
  std::set<std::string> seen;
  for (int byte = 0; byte < 256; ++byte) {
    const std::string bytes(1, static_cast<char>(byte));
    seen.insert(to_printable(bytes));
    EXPECT_EQ(from_printable(to_printable(bytes)), bytes);
  }
  EXPECT_EQ(seen.size(), 256u);
}

TEST(ByteAlphabetTest, KnowsNoByteForOtherCharacters) {
  EXPECT_EQ(from_printable("a b"), std::nullopt);
  EXPECT_EQ(from_printable("\u0144"), std::nullopt);
  EXPECT_EQ(from_printable("\u4E2D"), std::nullopt);
  EXPECT_EQ(from_printable("\xC4"), std::nullopt);
}

}  // namespace
}  // namespace ncmlab::bpe
