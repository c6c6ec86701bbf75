// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/code/lexemes.hpp"

#include <gtest/gtest.h>

#include <string>

namespace ncmlab {
namespace {

using Parts = std::vector<std::string_view>;

TEST(LexemesTest, CutsIntoWordsAndSingleCharacters) {
  EXPECT_EQ(lexemes(" a_1+=b[i]; "), (Parts{"a_1", "+", "=", "b", "[", "i", "]", ";"}));
  EXPECT_EQ(lexemes("\xc3\xa9t\xc3\xa9 \"x\""), (Parts{"\xc3\xa9t\xc3\xa9", "\"", "x", "\""}));
  EXPECT_TRUE(lexemes(" \n\t").empty());
}

TEST(LexemesTest, JoinedWithSpaceAreTheSource) {
  const std::string source("int f()\r\n{\t x\0y; }", 19);
  std::string joined;
  for (const std::string_view part : lexemes_and_space(source)) {
    joined += part;
  }
  EXPECT_EQ(joined, source);
  EXPECT_EQ(lexemes_and_space("a  b"), (Parts{"a", "  ", "b"}));
}

}  // namespace
}  // namespace ncmlab
