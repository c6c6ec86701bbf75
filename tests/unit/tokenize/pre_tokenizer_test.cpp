// SPDX-License-Identifier: Apache-2.0
#include "tokenize/pre_tokenizer.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "ncmlab/core/rng.hpp"
#include "pcre2_regex.hpp"
#include "tokenize/unicode.hpp"

namespace ncmlab::bpe {
namespace {

using Strings = std::vector<std::string>;

Strings pieces(const std::string& text) {
  Strings result;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = piece_end(text, begin);
    result.push_back(text.substr(begin, end - begin));
    begin = end;
  }
  return result;
}

TEST(PreTokenizerTest, SplitsWordsNumbersAndSigns) {
  EXPECT_EQ(pieces("int x1 = foo_bar(2);"),
            (Strings{"int", " x", "1", " =", " foo", "_", "bar", "(", "2", ");"}));
}

TEST(PreTokenizerTest, LeavesTheLastSpaceToTheWord) {
  EXPECT_EQ(pieces("a   b"), (Strings{"a", "  ", " b"}));
  EXPECT_EQ(pieces("a\n\tb"), (Strings{"a", "\n", "\t", "b"}));
  EXPECT_EQ(pieces("a \n"), (Strings{"a", " \n"}));
  EXPECT_EQ(pieces("\t\treturn"), (Strings{"\t", "\t", "return"}));
  EXPECT_EQ(pieces("\u00A0x"), (Strings{"\u00A0", "x"}));
}

TEST(PreTokenizerTest, CutsContractionsInLowerCaseOnly) {
  EXPECT_EQ(pieces("don't we'll I'VE 's"),
            (Strings{"don", "'t", " we", "'ll", " I", "'", "VE", " '", "s"}));
  EXPECT_EQ(pieces("!'s'"), (Strings{"!'", "s", "'"}));
}

TEST(PreTokenizerTest, TreatsBrokenUtf8AsSigns) {
  EXPECT_EQ(pieces("a\xC3 \xFFz"), (Strings{"a", "\xC3", " \xFF", "z"}));
  EXPECT_EQ(pieces("\xE4\xB8"), (Strings{"\xE4\xB8"}));
}

TEST(PreTokenizerTest, SplitsRandomTextsAsTheExpressionDoes) {
  const Pcre2Regex regex(
      "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+");
  const std::vector<char32_t> frequent = {U' ', U' ',  U'\n', U'\t',     U'\'',     U's',     U't',
                                          U'r', U'e',  U'l',  U'A',      U'1',      U'_',     U'-',
                                          U';', U'\r', U'd',  U'\u3000', U'\u4E2D', U'\u00B2'};
  Rng rng(11);
  for (int round = 0; round < 20000; ++round) {
    std::string text;
    for (std::uint64_t i = rng.below(30); i > 0; --i) {
      // The Basic Latin to Arabic blocks: assigned in every version of Unicode in use.
      append_utf8(rng.chance(0.9) ? rng.pick(frequent) : static_cast<char32_t>(rng.below(0x600)),
                  text);
    }
    std::vector<std::size_t> ends;
    for (std::size_t at = 0; at < text.size(); at = ends.back()) {
      ends.push_back(piece_end(text, at));
    }
    ASSERT_EQ(ends, regex.match_ends(text)) << ::testing::PrintToString(text);
  }
}

}  // namespace
}  // namespace ncmlab::bpe
