// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "records.hpp"
#include "report/report.hpp"

namespace ncmlab {
namespace {

using nlohmann::json;

json parsed(const std::vector<CellRecord>& records, const ReportOptions& options) {
  return json::parse(render_report(records, ReportFormat::json, options));
}

TEST(JsonTest, HoldsRecordsAndSummary) {
  const json report = parsed(awkward_records(), {.version = "1.2", .regenerate = "ncmlab run x"});
  EXPECT_EQ(report["schema_version"], 1);
  EXPECT_EQ(report["ncmlab_version"], "1.2");
  EXPECT_EQ(report["regenerate"], "ncmlab run x");
  ASSERT_EQ(report["records"].size(), 3U);
  EXPECT_EQ(report["records"][0]["clean"]["accuracy"], 0.9);
  EXPECT_EQ(report["records"][1]["triggers"][0]["text"], kAwkward);
  EXPECT_FALSE(report["records"][0].contains("intervals"));
  ASSERT_EQ(report["tables"].size(), 1U);
  const json& rows = report["tables"][0]["rows"];
  ASSERT_EQ(rows.size(), 4U);
  EXPECT_EQ(rows[2]["defense"], "50%");
  EXPECT_EQ(rows[2]["cells"]["asr"]["mean"], 0.1);
  EXPECT_EQ(rows[2]["cells"]["asr"]["seeds"], 1);
  EXPECT_FALSE(rows[2]["cells"]["asr"].contains("deviation"));
  EXPECT_TRUE(rows[2]["note"].is_null());
  EXPECT_TRUE(rows[3]["cells"].empty()) << "failed";
  EXPECT_EQ(rows[3]["note"], "failed: 5% & \"more\", \\x1b[2J");
}

TEST(JsonTest, LeavesOutcomesOutUnlessAsked) {
  CellRecord record = cell("b", "none", 1, 0.9, 0.5);
  record.outcomes = {{"s1", 1, 0, {{0, 1}}}};
  const json brief = parsed({record}, {})["records"][0];
  EXPECT_TRUE(!brief.contains("outcomes") || brief["outcomes"].empty());
  const json whole = parsed({record}, {.samples = true})["records"][0];
  ASSERT_EQ(whole["outcomes"].size(), 1U);
  EXPECT_EQ(whole["outcomes"][0]["id"], "s1");
}

TEST(JsonTest, AddsIntervalsOfMeasuredCells) {
  const json report = parsed(awkward_records(), {.intervals = true});
  const json& intervals = report["records"][0]["intervals"];
  EXPECT_NEAR(intervals["accuracy"][0], 0.86669, 1e-5);
  EXPECT_NEAR(intervals["accuracy"][1], 0.92570, 1e-5);
  EXPECT_TRUE(intervals.contains("asr"));
  EXPECT_FALSE(intervals.contains("f1"));
  EXPECT_FALSE(report["records"][2].contains("intervals"));
}

TEST(ReportFormatTest, KnowsItsNames) {
  EXPECT_EQ(from_string<ReportFormat>("tex"), ReportFormat::latex);
  EXPECT_EQ(from_string<ReportFormat>("md"), ReportFormat::markdown);
  EXPECT_EQ(from_string<ReportFormat>("terminal"), ReportFormat::terminal);
  EXPECT_EQ(from_string<ReportFormat>("LaTeX"), std::nullopt);
}

}  // namespace
}  // namespace ncmlab
