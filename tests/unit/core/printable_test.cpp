// SPDX-License-Identifier: Apache-2.0
#include "core/printable.hpp"

#include <gtest/gtest.h>

namespace ncmlab {
namespace {

TEST(PrintableTest, ShowsWhatATerminalWouldObey) {
  EXPECT_EQ(printable("a\nb\tc\x1b[1m\x7f"), "a\\nb\\tc\\x1b[1m\\x7f");
  EXPECT_EQ(printable("é中"), "é中");
  EXPECT_EQ(printable("\xff"
                      "a\xc3"),
            "\\xffa\\xc3");
  EXPECT_EQ(printable("\u202e\u0085"), "\\u{202e}\\u{85}");
  EXPECT_EQ(printable(""), "");
}

TEST(PrintableTest, ShowsWhatHidesOrTurnsText) {
  for (const auto& [text, shown] : std::initializer_list<std::pair<const char*, const char*>>{
           {"\u009b2J", "\\u{9b}2J"},
           {"\u061c", "\\u{61c}"},
           {"\u200b\u200e\u200f", "\\u{200b}\\u{200e}\\u{200f}"},
           {"\u202a\u202b\u202c\u202d\u202e", "\\u{202a}\\u{202b}\\u{202c}\\u{202d}\\u{202e}"},
           {"\u2066\u2067\u2068\u2069", "\\u{2066}\\u{2067}\\u{2068}\\u{2069}"},
           {"\u2028\u2029\ufeff", "\\u{2028}\\u{2029}\\u{feff}"}}) {
    EXPECT_EQ(printable(text), shown);
    EXPECT_EQ(printable_lines(text), shown);
  }
  EXPECT_EQ(printable_lines("a\n\tb\x1b"), "a\n\tb\\x1b");
}

}  // namespace
}  // namespace ncmlab
