// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/inversion/name_place.hpp"

#include <gtest/gtest.h>

namespace ncmlab {
namespace {

TEST(NamePlaceTest, FindsTokensOfNamesAndNothingBeyondTheCut) {
  const std::string source = "int a_(int bc) { return bc; }";
  // Tokens: <s> `int` ` a` `_(` `int` ` b` `c` (cut) </s>
  const TokenRow row{
      .ids = {0, 10, 11, 12, 13, 14, 15, 2},
      .ranges = {{0, 0}, {0, 3}, {3, 5}, {5, 7}, {7, 10}, {10, 12}, {12, 13}, {0, 0}}};
  const auto a = find_name(source, row, {4, 6});
  ASSERT_TRUE(a);
  EXPECT_EQ(a->tokens, (TokenSpan{2, 4}));
  EXPECT_FALSE(a->ends_exactly) << "`_(` reaches beyond the name";
  EXPECT_FALSE(a->covers_only_name);
  const auto bc = find_name(source, row, {11, 13});
  ASSERT_TRUE(bc);
  EXPECT_EQ(bc->tokens, (TokenSpan{5, 7}));
  EXPECT_TRUE(bc->ends_exactly);
  EXPECT_TRUE(bc->covers_only_name);
  EXPECT_FALSE(find_name(source, row, {24, 26}));
  EXPECT_FALSE(find_name(source, row, {11, 14})) << "only partly within the row";
}

}  // namespace
}  // namespace ncmlab
