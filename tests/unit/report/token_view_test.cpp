// SPDX-License-Identifier: Apache-2.0
#include "report/token_view.hpp"

#include <gtest/gtest.h>

namespace ncmlab {
namespace {

Tokenizer letters() { return Tokenizer::train({"a b c"}, {.vocab_size = 261, .min_frequency = 1}); }

std::string view(const std::string& clean, const std::string& edited) {
  const Tokenizer tokenizer = letters();
  return render_token_edit(tokenizer, tokenizer.encode(clean), tokenizer.encode(edited), 400);
}

TEST(TokenViewTest, ShowsEachRunOnce) {
  EXPECT_EQ(view("xayaz", "xbcybcz"), "`a` -> `b` `c` (2 places)\n5 -> 7 tokens, of at most 400\n");
  EXPECT_EQ(view("xz", "xaz"), "nothing -> `a`\n2 -> 3 tokens, of at most 400\n");
  EXPECT_EQ(view("x", "x y"), "nothing -> `\xc4\xa0` `y`\n1 -> 3 tokens, of at most 400\n");
}

TEST(TokenViewTest, SaysWhenTheModelDoesNotSeeTheEdit) {
  EXPECT_EQ(view("abc", "abc"),
            "the model does not see the edit: it reads the first 400 tokens, which are the same\n");
}

TEST(TokenViewTest, CutsLongRunsAndManyRuns) {
  EXPECT_NE(view("", std::string(30, 'a')).find("`a` ..\n0 -> 30"), std::string::npos);
  std::string clean, edited;
  for (char c = 'a'; c <= 'k'; ++c) {
    clean += std::string("-") + c;
    edited += std::string("-") + static_cast<char>(c - 'a' + 'A');
  }
  EXPECT_NE(view(clean, edited).find("and 3 more\n"), std::string::npos);
}

}  // namespace
}  // namespace ncmlab
