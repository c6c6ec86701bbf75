// SPDX-License-Identifier: Apache-2.0
#include "report/stage_tables.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "records.hpp"

namespace ncmlab {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

/// Of every stage but training a defense.
std::vector<CellRecord> records_of_all_stages() {
  std::vector<CellRecord> records = {
      cell("b", "none", 1, 0.9, 0.99), cell("b", "flags", 1, 0.9, 0.2),
      cell("b", "inverts", 1, 0.9, 0.3), cell("b", "rejects", 1, 0.8, 0.1),
      failed_cell("b", "fails", 1, "boom")};
  records[1].detection =
      DetectionMetrics{.flagged = 40, .poisoned = 50, .hits = 30, .clean = 1000, .auroc = 0.75};
  records[2].recovery = RecoveryMetrics{.precision = 0.5, .recall = 1};
  records[2].backdoored = true;
  records[3].filter = FilterMetrics{.false_rejection_rate = 0.05,
                                    .flagged_clean = 0.06,
                                    .clean = 400,
                                    .triggered = 180,
                                    .flagged_triggered = 0.7,
                                    .auroc = 0.85,
                                    .detected = {{1, 0.3}, {5, 0.7}, {10, 0.8}}};
  return records;
}

std::vector<std::string> defenses(const Table& table) {
  std::vector<std::string> names;
  for (const Group& group : table.groups) {
    for (const Row& row : group.rows) {
      names.push_back(row.defense);
    }
  }
  return names;
}

std::vector<std::string> columns(const Table& table) {
  std::vector<std::string> ids;
  for (const Column& column : table.columns) {
    ids.push_back(column.id);
  }
  return ids;
}

TEST(StageTablesTest, PartWhatOnlySomeDefensesHave) {
  const std::vector<Table> whole = build_tables(records_of_all_stages(), {});
  const std::vector<Table> parts = by_stage(whole);
  ASSERT_EQ(parts.size(), 4U);
  EXPECT_EQ(full_title(parts[0]), "task");
  EXPECT_EQ(defenses(parts[0]), defenses(whole[0]));
  EXPECT_EQ(full_title(parts[1]), "task, defenses of stage data");
  EXPECT_THAT(defenses(parts[1]), ElementsAre("flags"));
  EXPECT_THAT(columns(parts[1]), ElementsAre("detection_precision", "detection_recall",
                                             "detection_fpr", "detection_auroc"));
  EXPECT_EQ(full_title(parts[2]), "task, defenses of stage model");
  EXPECT_THAT(defenses(parts[2]), ElementsAre("inverts"));
  EXPECT_EQ(full_title(parts[3]), "task, defenses of stage input");
  EXPECT_THAT(defenses(parts[3]), ElementsAre("rejects"));
  std::size_t parted = 0;
  for (const Table& part : parts) {
    parted += part.columns.size();
    for (const Group& group : part.groups) {
      for (const Row& row : group.rows) {
        EXPECT_EQ(row.cells.size(), part.columns.size());
        EXPECT_LE(row.note, part.notes.size());
      }
    }
  }
  EXPECT_EQ(parted, whole[0].columns.size()) << "no column is lost or there twice";
  EXPECT_EQ(parts[0].notes, whole[0].notes);
  EXPECT_THAT(parts[0].notes, testing::Contains("failed: boom"));
  EXPECT_THAT(parts[1].notes, ElementsAre());
}

TEST(StageTablesTest, LeaveTablesOfTwoStagesWhole) {
  std::vector<CellRecord> records = records_of_all_stages();
  records[3].filter.reset();
  const std::vector<Table> parts = by_stage(build_tables(records, {}));
  ASSERT_EQ(parts.size(), 1U);
  EXPECT_TRUE(parts[0].part.empty());
}

TEST(StageTablesTest, AreWhatReportsShowUnlessColumnsAreChosen) {
  const std::vector<CellRecord> records = records_of_all_stages();
  for (const ReportFormat format :
       {ReportFormat::markdown, ReportFormat::latex, ReportFormat::terminal}) {
    const std::string text = render_report(records, format);
    EXPECT_THAT(text, HasSubstr("task, defenses of stage input"));
    // What a column means stands below the part that has it.
    EXPECT_LT(text.find("defenses of stage data"), text.find("det P, R, FPR:"));
  }
  EXPECT_THAT(render_report(records, ReportFormat::json), Not(HasSubstr("defenses of stage")));
  EXPECT_THAT(
      render_report(records, ReportFormat::markdown,
                    {.columns = {"asr", "filter_auroc", "detection_recall", "trigger_recall"}}),
      Not(HasSubstr("defenses of stage")));
}

}  // namespace
}  // namespace ncmlab
