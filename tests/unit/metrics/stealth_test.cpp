// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/metrics/stealth.hpp"

#include <gtest/gtest.h>

namespace ncmlab {
namespace {

Example sample(std::string code, std::string other_code = "") {
  return {.id = "x", .code = std::move(code), .other_code = std::move(other_code), .label = 1};
}

TEST(StealthTest, SaysNothingWithoutEdits) {
  const std::vector<Example> clean = {sample("int f(int a) { return a; }")};
  EXPECT_EQ(stealth_metrics(clean, clean), StealthMetrics{});
  EXPECT_EQ(stealth_metrics({}, {}), StealthMetrics{});
}

TEST(StealthTest, CountsTokensOnceWhereTheyAreReplaced) {
  const std::vector<Example> clean = {sample("int f(int a) { return a; }"),
                                      sample("int g(int b) { return b; }")};
  std::vector<Example> edited = clean;
  edited[0].code = "int f(int zq) { return zq; }";
  edited[1].code = "int g(int b) { h(1); return b; }";
  const StealthMetrics metrics = stealth_metrics(clean, edited);
  EXPECT_EQ(metrics.edits, 2);
  EXPECT_DOUBLE_EQ(metrics.parse_rate, 1);
  EXPECT_DOUBLE_EQ(metrics.token_edits, (2 + 5) / 2.0);
  ASSERT_TRUE(metrics.new_names && metrics.old_names);
  EXPECT_LT(*metrics.new_names, *metrics.old_names) << "`zq` is rarer than `a`";
}

TEST(StealthTest, BlamesOnlyEditsThatBreakWhatParsed) {
  const std::vector<Example> clean = {sample("int f(int a) { return a; }"), sample("int f( {"),
                                      sample("int g(int a) { return a; }")};
  std::vector<Example> edited = clean;
  edited[0].code = "int f(int a) { return a }";
  edited[1].code = "int f( { }";
  edited[2].code = "int g(int a) { return a + 1; }";
  const StealthMetrics metrics = stealth_metrics(clean, edited);
  EXPECT_EQ(metrics.edits, 3);
  EXPECT_DOUBLE_EQ(metrics.parse_rate, 0.5);
  EXPECT_FALSE(metrics.new_names);
}

TEST(StealthTest, CountsAFunctionOfManyPairsOnce) {
  const std::string f = "int f(int a) { return a; }", g = "int g(int a) { return a; }";
  const std::string edited_f = "int f_rb(int a) { return a; }";
  const std::vector<Example> clean = {sample(f, g), sample(g, f), sample(g, g)};
  const std::vector<Example> edited = {sample(edited_f, g), sample(g, edited_f), sample(g, g)};
  EXPECT_EQ(stealth_metrics(clean, edited).edits, 1);
}

}  // namespace
}  // namespace ncmlab
