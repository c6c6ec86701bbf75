// SPDX-License-Identifier: Apache-2.0
#include "tokenize/unicode.hpp"

#include <gtest/gtest.h>

#include "pcre2_regex.hpp"

namespace ncmlab::bpe {
namespace {

constexpr char32_t kMongolianVowelSeparator = 0x180E;  // white space to PCRE2 alone

template <typename Check>
void for_each_code_point(const Check& check) {
  for (char32_t value = 0; value <= 0x10FFFF; ++value) {
    if (value < 0xD800 || value > 0xDFFF) {
      check(value);
    }
  }
}

CharClass class_by_pcre2(const std::string& text) {
  static const Pcre2Regex letter("^\\p{L}$"), number("^\\p{N}$"), space("^\\s\\z");
  return letter.matches(text)   ? CharClass::letter
         : number.matches(text) ? CharClass::number
         : space.matches(text)  ? CharClass::space
                                : CharClass::other;
}

TEST(UnicodeTest, EncodesAndDecodesEveryCodePoint) {
  for_each_code_point([](char32_t value) {
    std::string text;
    append_utf8(value, text);
    const CodePoint decoded = decode_utf8(text, 0);
    ASSERT_EQ(decoded.value, value);
    ASSERT_EQ(decoded.size, text.size());
  });
}

TEST(UnicodeTest, TakesIllFormedBytesOneByOne) {
  for (const std::string text :
       {"\x80",
        "\xBF"
        "a",
        "\xC0\x80", "\xC1\xBF", "\xC3", "\xC3(", "\xE0\x80\x80", "\xE4\xB8", "\xED\xA0\x80",
        "\xF0\x80\x80\x80", "\xF0\x9F\x99", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF"}) {
    const CodePoint decoded = decode_utf8(text, 0);
    EXPECT_EQ(decoded.value, kInvalidByte) << ::testing::PrintToString(text);
    EXPECT_EQ(decoded.size, 1u);
  }
  EXPECT_EQ(char_class(kInvalidByte), CharClass::other);
  EXPECT_FALSE(is_word(kInvalidByte));
}

TEST(UnicodeTest, ClassesAgreeWithPcre2) {
  const bool same_unicode = Pcre2Regex::unicode_version() == "14.0.0";
  int letters = 0;
  for_each_code_point([&](char32_t value) {
    const CharClass ours = char_class(value);
    letters += ours == CharClass::letter ? 1 : 0;
    // Later versions of Unicode turn unassigned code points into letters and numbers.
    if (value != kMongolianVowelSeparator && (same_unicode || ours != CharClass::other)) {
      std::string text;
      append_utf8(value, text);
      ASSERT_EQ(class_by_pcre2(text), ours) << "U+" << std::hex << std::uint32_t{value};
    }
  });
  EXPECT_EQ(letters, 131756);
}

TEST(UnicodeTest, WordCharactersAreLettersMarksDigitsAndConnectors) {
  for (const char32_t word : {U'a', U'_', U'7', U'\u00E9', U'\u0301', U'\u203F', U'\u2163',
                              U'\u200D', U'\u24B6', U'\u4E2D'}) {
    EXPECT_TRUE(is_word(word)) << std::uint32_t{word};
  }
  for (const char32_t other : {U' ', U'-', U'.', U'\u00B2', U'\u2460', U'\u00A0', U'\u200B'}) {
    EXPECT_FALSE(is_word(other)) << std::uint32_t{other};
  }
}

TEST(UnicodeTest, LowersWithoutContext) {
  const auto lower = [](char32_t value) {
    std::string text;
    append_lower(value, text);
    return text;
  };
  EXPECT_EQ(lower(U'Q'), "q");
  EXPECT_EQ(lower(U'\u0130'), "i\u0307");
  EXPECT_EQ(lower(U'\u03A3'), "\u03C3");  // a capital sigma, even where it ends a word
  EXPECT_EQ(lower(U'\u1E9E'), "\u00DF");
  EXPECT_EQ(lower(U'\u24B6'), "\u24D0");
  EXPECT_EQ(lower(U'\u2163'), "\u2173");
  EXPECT_EQ(lower(U'\u212A'), "k");
  EXPECT_EQ(lower(U'\u00DF'), "\u00DF");
  EXPECT_EQ(lower(U'\uA7CB'), "\uA7CB");  // a letter since Unicode 16 only
}

}  // namespace
}  // namespace ncmlab::bpe
