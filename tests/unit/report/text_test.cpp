// SPDX-License-Identifier: Apache-2.0
#include "report/text.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace ncmlab {
namespace {

TEST(DisplayWidthTest, CountsColumnsAndNotBytes) {
  EXPECT_EQ(display_width("abc"), 3);
  EXPECT_EQ(display_width("±é"), 2);
  EXPECT_EQ(display_width("中文"), 4);
  EXPECT_EQ(display_width("e\u0301"), 1);
}

TEST(CutToWidthTest, EndsInDotsAndNeverInsideACharacter) {
  EXPECT_EQ(cut_to_width("abcdef", 6), "abcdef");
  EXPECT_EQ(cut_to_width("abcdef", 5), "abc..");
  EXPECT_EQ(cut_to_width("中文中文", 6), "中文..");
  EXPECT_EQ(cut_to_width("中文中文", 7), "中文..");
  EXPECT_EQ(cut_to_width("éééé", 3), "é..");
}

TEST(PadTest, FillsByDisplayWidth) {
  EXPECT_EQ(pad_right("中", 4), "中  ");
  EXPECT_EQ(pad_left("±1", 4), "  ±1");
  EXPECT_EQ(pad_left("12345", 4), "12345");
}

TEST(EscapeMarkdownTest, KeepsNamesFromBecomingMarkup) {
  EXPECT_EQ(escape_markdown("a|b_c*d`e<f>[g]\\~&$#"),
            "a\\|b\\_c\\*d\\`e\\<f\\>\\[g\\]\\\\\\~\\&\\$\\#");
  EXPECT_EQ(escape_markdown("a\nb"), "a\\\\nb");
}

TEST(EscapeLatexTest, EscapesEverySpecialCharacter) {
  EXPECT_EQ(escape_latex("_&#$%{}"), "\\_\\&\\#\\$\\%\\{\\}");
  EXPECT_EQ(escape_latex("~^\\<>|"),
            "\\textasciitilde{}\\textasciicircum{}\\textbackslash{}\\textless{}\\textgreater{}"
            "\\textbar{}");
  EXPECT_EQ(escape_latex("[a]*--\"'`"), "{[}a{]}{*}-{}-{}{\\char34}'{}\\`{}");
}

TEST(EscapeLatexTest, ReplacesWhatPdflatexCannotSet) {
  EXPECT_EQ(escape_latex("é ± 中ĠΔ"), "é $\\pm$ \\texttt{U+4E2D}\\texttt{U+0120}\\texttt{U+0394}");
  EXPECT_EQ(escape_latex("\xff\n"), "\\textbackslash{}xff\\textbackslash{}n");
}

TEST(QuoteCsvTest, FollowsRfc4180) {
  EXPECT_EQ(quote_csv("plain text"), "plain text");
  EXPECT_EQ(quote_csv("a,b"), "\"a,b\"");
  EXPECT_EQ(quote_csv("say \"x\""), "\"say \"\"x\"\"\"");
  EXPECT_EQ(quote_csv("a\nb"), "\"a\nb\"");
}

TEST(NumberTextTest, FormatsDecimalsAndCounts) {
  EXPECT_EQ(fixed_decimals(1.005, 1), "1.0");
  EXPECT_EQ(fixed_decimals(-0.004, 2), "0.00");
  EXPECT_EQ(fixed_decimals(-0.006, 2), "-0.01");
  EXPECT_EQ(shortest_number(0.1), "0.1");
  EXPECT_EQ(shortest_number(std::numeric_limits<double>::infinity()), "");
  EXPECT_EQ(compact_count(0), "0");
  EXPECT_EQ(compact_count(999), "999");
  EXPECT_EQ(compact_count(999.6), "1.00k");
  EXPECT_EQ(compact_count(12345), "12.3k");
  EXPECT_EQ(compact_count(9999), "10.0k");
  EXPECT_EQ(compact_count(999999), "1.00M");
  EXPECT_EQ(compact_count(4.56e9), "4.56G");
  EXPECT_EQ(compact_count(4.56e12), "4560G");
}

TEST(WilsonIntervalTest, AgreesWithPublishedValues) {
  // Newcombe (1998), table I: 81/263 and 0/20.
  const auto [low, high] = wilson_interval(81.0 / 263, 263);
  EXPECT_NEAR(low, 0.2553, 5e-5);
  EXPECT_NEAR(high, 0.3662, 5e-5);
  const auto [zero_low, zero_high] = wilson_interval(0, 20);
  EXPECT_EQ(zero_low, 0);
  EXPECT_NEAR(zero_high, 0.1611, 5e-5);
  EXPECT_EQ(wilson_interval(1, 20).second, 1);
}

}  // namespace
}  // namespace ncmlab
