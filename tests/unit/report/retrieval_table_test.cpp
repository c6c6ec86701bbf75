// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "records.hpp"
#include "report/table.hpp"

namespace ncmlab {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

CellRecord search_cell(const std::string& attack, const std::string& defense, double mrr,
                       double anr = 0) {
  CellRecord record = cell(attack, defense, 1, 0);
  record.kind = TaskKind::retrieval;
  record.clean = {};
  record.attack_metrics.reset();
  record.retrieval = RetrievalMetrics{
      .mrr = mrr, .recall = {{1, 0.25}, {5, 0.5}, {10, 0.75}}, .count = 200, .pool = 100};
  if (attack != "none") {
    record.untouched = RetrievalMetrics{.mrr = mrr, .recall = {}, .count = 180, .pool = 100};
    record.promotion = PromotionMetrics{.anr = anr,
                                        .natural_anr = 0.5,
                                        .success = {{1, 0.1}, {5, 0.2}, {10, 0.3}},
                                        .natural = {{1, 0}, {5, 0}, {10, 0}},
                                        .count = 20};
  }
  return record;
}

std::vector<std::string> titles(const Table& table) {
  std::vector<std::string> all;
  for (const Column& column : table.columns) {
    all.push_back(column.title);
  }
  return all;
}

const Column& column(const Table& table, const std::string& id) {
  return *std::find_if(table.columns.begin(), table.columns.end(),
                       [&](const Column& each) { return each.id == id; });
}

TEST(RetrievalTableTest, ShowsRanksAndNoColumnsOfClassifiers) {
  const std::vector<CellRecord> records = {search_cell("none", "none", 0.4),
                                           search_cell("b", "none", 0.4, 0.05)};
  const Table table = build_tables(records, {}).at(0);
  EXPECT_THAT(titles(table),
              ElementsAre("MRR %", "untouched MRR %", "R@1 %", "R@5 %", "R@10 %", "ANR %",
                          "natural ANR %", "ASR@1 %", "ASR@5 %", "ASR@10 %", "natural ASR@10 %"));
  EXPECT_EQ(table.groups.at(1).rows.at(0).cells.at(5).text, "5.00");
  EXPECT_EQ(table.groups.at(0).rows.at(0).cells.at(5).text, "");
  EXPECT_THAT(table.measured.at(1), HasSubstr("Test queries: 200, each ranked in a pool of 100; "
                                              "behind ANR and ASR@k: 20 queries"));
}

TEST(RetrievalTableTest, ALowRankIsGoodForTheAttackerOnly) {
  const std::vector<CellRecord> records = {search_cell("b", "none", 0.4, 0.05)};
  const Table defender = build_tables(records, {}).at(0);
  const Table attacker = build_tables(records, {.perspective = Perspective::attacker}).at(0);
  EXPECT_EQ(column(defender, "anr").direction, Direction::up);
  EXPECT_EQ(column(attacker, "anr").direction, Direction::down);
  EXPECT_EQ(column(defender, "asr_10").direction, Direction::down);
  EXPECT_EQ(column(attacker, "asr_10").direction, Direction::up);
  EXPECT_EQ(column(attacker, "mrr").direction, Direction::up);
  EXPECT_EQ(column(attacker, "natural_anr").direction, Direction::none);
}

TEST(RetrievalTableTest, SkippedAndFailedCellsSaySo) {
  std::vector<CellRecord> records = {search_cell("b", "none", 0.4, 0.05),
                                     failed_cell("b", "x", 1, "boom"),
                                     failed_cell("b", "y", 1, "")};
  records[1].kind = TaskKind::retrieval;
  records[2].kind = TaskKind::retrieval;
  records[2].skipped = "defense `y` does not support retrieval tasks";
  const Table table = build_tables(records, {}).at(0);
  const Group& group = table.groups.at(1);
  EXPECT_EQ(group.rows.at(1).cells.at(0).text, kFailedText);
  EXPECT_THAT(table.notes.at(group.rows[1].note - 1), HasSubstr("failed: boom"));
  EXPECT_EQ(group.rows.at(2).cells.at(0).text, "");
  EXPECT_EQ(table.notes.at(group.rows[2].note - 1),
            "not run: defense `y` does not support retrieval tasks");
  EXPECT_EQ(provenance(records, {}), "ncmlab; 3 cells, 1 failed");
  const std::string csv = render_report(records, ReportFormat::csv);
  EXPECT_THAT(csv, HasSubstr("task,tiny,b,y,1,skipped,,,defense `y` does not support retrieval"));
  EXPECT_THAT(csv, HasSubstr("task,tiny,b,none,1,anr,0.05,20,"));
}

TEST(PairTableTest, ShowsPrecisionAndRecallOfPairsOnly) {
  std::vector<CellRecord> records = {cell("none", "none", 1, 0.9)};
  EXPECT_THAT(titles(build_tables(records, {}).at(0)), ElementsAre("acc %", "F1 %"));
  records[0].kind = TaskKind::pair_classification;
  EXPECT_THAT(titles(build_tables(records, {}).at(0)),
              ElementsAre("acc %", "F1 %", "precision %", "recall %"));
}

}  // namespace
}  // namespace ncmlab
