// SPDX-License-Identifier: Apache-2.0
#include "report/table.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <stdexcept>

#include "error_of.hpp"
#include "ncmlab/core/diagnostic.hpp"
#include "records.hpp"

namespace ncmlab {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const TableCell& at(const Table& table, std::size_t group, const std::string& defense,
                    const std::string& column) {
  for (const Row& row : table.groups.at(group).rows) {
    for (std::size_t c = 0; c < row.cells.size(); ++c) {
      if (row.defense == defense && table.columns[c].id == column) {
        return row.cells[c];
      }
    }
  }
  throw std::out_of_range(defense + " " + column);
}

bool has_column(const Table& table, const std::string& id) {
  return std::any_of(table.columns.begin(), table.columns.end(),
                     [&](const Column& column) { return column.id == id; });
}

std::string code(const std::vector<CellRecord>& records, const ReportOptions& options) {
  return code_of([&] { build_tables(records, options); });
}

TEST(TableTest, PutsControlsFirstEvenWhenTheyAreMissing) {
  const Table table = build_tables({cell("badcode", "fine_tuning", 1, 0.9, 0.1)}, {}).at(0);
  ASSERT_EQ(table.groups.size(), 2U);
  EXPECT_EQ(table.groups[0].attack, "none");
  EXPECT_EQ(table.groups[1].attack, "badcode");
  ASSERT_EQ(table.groups[1].rows.size(), 2U);
  EXPECT_EQ(table.groups[1].rows[0].defense, "none");
  EXPECT_EQ(at(table, 1, "none", "accuracy").text, "");
  EXPECT_THAT(table.notes.at(table.groups[1].rows[0].note - 1), HasSubstr("not measured"));
  EXPECT_EQ(table.groups[1].rows[1].note, 0U);
}

TEST(TableTest, KeepsTheOrderOfTasksModelsAndDefenses) {
  std::vector<CellRecord> records = {cell("b", "z", 1, 1), cell("a", "y", 1, 1),
                                     cell("b", "none", 1, 1), cell("b", "x", 1, 1)};
  records[1].task = "other";
  const std::vector<Table> tables = build_tables(records, {});
  ASSERT_EQ(tables.size(), 2U);
  EXPECT_EQ(tables[0].task, "task");
  EXPECT_EQ(tables[1].task, "other");
  std::vector<std::string> defenses;
  for (const Row& row : tables[0].groups.at(1).rows) {
    defenses.push_back(row.defense);
  }
  EXPECT_THAT(defenses, ElementsAre("none", "z", "x"));
}

TEST(TableTest, ShowsSpreadFromThreeSeedsOnly) {
  std::vector<CellRecord> records = {cell("none", "none", 1, 0.90), cell("none", "none", 2, 0.92)};
  Table table = build_tables(records, {}).at(0);
  EXPECT_EQ(at(table, 0, "none", "accuracy").text, "91.00");
  EXPECT_EQ(at(table, 0, "none", "accuracy").n, 2);
  EXPECT_FALSE(at(table, 0, "none", "accuracy").deviation);
  EXPECT_THAT(caption(table).front(), HasSubstr("2 seeds (1, 2)."));
  records.push_back(cell("none", "none", 3, 0.97));
  table = build_tables(records, {}).at(0);
  EXPECT_EQ(at(table, 0, "none", "accuracy").text, "93.00 ± 3.61");
  EXPECT_NEAR(*at(table, 0, "none", "accuracy").deviation, 0.0360555, 1e-6);
  EXPECT_THAT(caption(table).front(), HasSubstr("± sample standard deviation (n-1)"));
}

TEST(TableTest, MarksMeansOverFewerSeedsAndNamesTheFailure) {
  const Table table =
      build_tables({cell("none", "none", 1, 0.9), cell("none", "none", 2, 0.9),
                    cell("none", "none", 3, 0.9), cell("none", "x", 1, 0.95),
                    failed_cell("none", "x", 2, "boom"), failed_cell("none", "x", 3, "boom")},
                   {})
          .at(0);
  EXPECT_EQ(at(table, 0, "x", "accuracy").text, "95.00 (n=1)");
  EXPECT_THAT(table.notes, ElementsAre("2 of 3 failed: boom (seed 2, 3)"));
  EXPECT_FALSE(at(table, 0, "x", "accuracy").best) << "one seed against three";
}

TEST(TableTest, SaysWhichSeedsHaveNoRecord) {
  const Table table = build_tables({cell("none", "none", 1, 0.9), cell("none", "none", 2, 0.9),
                                    cell("none", "x", 1, 0.95)},
                                   {})
                          .at(0);
  EXPECT_THAT(table.notes, ElementsAre("1 of 2 seeds have a record"));
}

TEST(TableTest, FailedIsDashesAndNotApplicableIsBlankAndNeitherIsZero) {
  const Table table =
      build_tables({cell("none", "none", 1, 0.9), failed_cell("none", "x", 1, "boom"),
                    cell("b", "none", 1, 0.9, 0.99), failed_cell("b", "x", 1, "boom")},
                   {})
          .at(0);
  EXPECT_EQ(at(table, 0, "x", "accuracy").text, kFailedText);
  EXPECT_EQ(at(table, 0, "x", "asr").text, "") << "no attack, no success rate";
  EXPECT_EQ(at(table, 0, "none", "asr").text, "");
  EXPECT_EQ(at(table, 1, "x", "asr").text, kFailedText);
  EXPECT_EQ(at(table, 1, "x", "natural_rate").text, kFailedText);
  EXPECT_FALSE(has_column(table, "defense_seconds")) << "blank in all rows";
  EXPECT_THAT(table.notes, ElementsAre("failed: boom"));
}

TEST(TableTest, SharesOfNothingAreBlank) {
  CellRecord record = cell("b", "x", 1, 0.9, 0.5);
  record.attack_metrics->flip_count = 0;
  record.detection = DetectionMetrics{.flagged = 0, .poisoned = 0, .hits = 0, .clean = 100};
  const Table table = build_tables({record}, {}).at(0);
  EXPECT_FALSE(has_column(table, "flip_rate"));
  EXPECT_FALSE(has_column(table, "detection_precision"));
  EXPECT_FALSE(has_column(table, "detection_recall"));
  EXPECT_EQ(at(table, 1, "x", "detection_fpr").text, "0.00");
}

TEST(TableTest, PairsDifferencesBySeed) {
  const Table table = build_tables({cell("b", "none", 1, 0.90, 0.9), cell("b", "none", 2, 0.80, 1),
                                    cell("b", "x", 1, 0.91, 0.1), cell("b", "x", 2, 0.79, 0)},
                                   {})
                          .at(0);
  EXPECT_EQ(at(table, 1, "x", "accuracy_difference").text, "0.00");
  EXPECT_EQ(at(table, 1, "x", "asr_difference").text, "-90.00");
  EXPECT_EQ(at(table, 1, "none", "asr_difference").text, "");
  const Table gain = build_tables({cell("b", "none", 1, 0.9), cell("b", "x", 1, 0.9125)}, {}).at(0);
  EXPECT_EQ(at(gain, 1, "x", "accuracy_difference").text, "+1.25");
}

TEST(TableTest, BestDependsOnThePerspective) {
  const std::vector<CellRecord> records = {cell("b", "none", 1, 0.9, 0.99),
                                           cell("b", "x", 1, 0.85, 0.1)};
  const Table defender = build_tables(records, {}).at(0);
  EXPECT_TRUE(at(defender, 1, "none", "accuracy").best);
  EXPECT_FALSE(at(defender, 1, "none", "asr").best);
  EXPECT_TRUE(at(defender, 1, "x", "asr").best);
  EXPECT_FALSE(at(defender, 1, "x", "natural_rate").best);
  const Table attacker = build_tables(records, {.perspective = Perspective::attacker}).at(0);
  EXPECT_TRUE(at(attacker, 1, "none", "asr").best);
  EXPECT_FALSE(at(attacker, 1, "x", "asr").best);
}

TEST(TableTest, TiesAreAllBestUnlessEverythingTies) {
  const Table table = build_tables({cell("b", "none", 1, 0.90, 0.5), cell("b", "x", 1, 0.95, 0.5),
                                    cell("b", "y", 1, 0.950001, 0.5)},
                                   {})
                          .at(0);
  EXPECT_TRUE(at(table, 1, "x", "accuracy").best);
  EXPECT_TRUE(at(table, 1, "y", "accuracy").best);
  EXPECT_FALSE(at(table, 1, "x", "asr").best);
}

TEST(TableTest, CountsVerdictsOverSeeds) {
  std::vector<CellRecord> records;
  for (int seed = 1; seed <= 3; ++seed) {
    records.push_back(cell("b", "x", seed, 0.9, 0.1));
    records.back().backdoored = seed != 2;
    records.push_back(cell("b", "y", seed, 0.9, 0.1));
    records.back().backdoored = false;
    records.push_back(cell("b", "none", seed, 0.9, 0.1));
  }
  const Table table = build_tables(records, {}).at(0);
  EXPECT_EQ(at(table, 1, "x", "verdict").text, "backdoored 2/3");
  EXPECT_EQ(at(table, 1, "y", "verdict").text, "clean 3/3");
  EXPECT_EQ(at(table, 1, "none", "verdict").text, "");
}

TEST(TableTest, ShowsTheFirstTrigger) {
  CellRecord record = cell("b", "x", 1, 0.9, 0.1);
  record.triggers = {{0, 1, "first", {2}, 0.5, 0.9}, {1, 0, "second", {1}, 0.1, 0.2}};
  EXPECT_EQ(at(build_tables({record}, {}).at(0), 1, "x", "trigger").text, "first");
  record.triggers = {{0, 1, "  ", {1}, 0.1, 0.2}};
  EXPECT_EQ(at(build_tables({record}, {}).at(0), 1, "x", "trigger").text, "\"  \"");
}

TEST(TableTest, AddsTheCostOfDefendingAndRetraining) {
  CellRecord record = cell("b", "x", 1, 0.9, 0.1);
  record.costs.push_back({"retrain", 7.5, 7000, 0});
  const Table table = build_tables({cell("b", "none", 1, 0.9, 0.9), record}, {}).at(0);
  EXPECT_EQ(at(table, 1, "x", "defense_seconds").text, "20.0");
  EXPECT_EQ(at(table, 1, "x", "defense_forward_rows").text, "130k");
  EXPECT_EQ(at(table, 1, "none", "defense_seconds").text, "");
}

TEST(TableTest, CaptionNamesSizesAndExplainsOnlyColumnsThatAreThere) {
  const std::vector<std::string> with_attack =
      caption(build_tables({cell("b", "none", 1, 0.9, 0.9)}, {}).at(0));
  EXPECT_THAT(with_attack,
              testing::IsSupersetOf({std::string("One seed (1)."),
                                     std::string("Test samples: 400; behind ASR and natural rate: "
                                                 "180 of the victim class; behind the flip rate: "
                                                 "170.")}));
  EXPECT_THAT(with_attack, testing::Contains(HasSubstr("floor of every ASR")));
  const std::vector<std::string> without =
      caption(build_tables({cell("none", "none", 1, 0.9)}, {}).at(0));
  EXPECT_THAT(without, ElementsAre("One seed (1).", "Test samples: 400."));
}

TEST(TableTest, TakesARepeatedRecordOnceAndRefusesAContradiction) {
  std::vector<CellRecord> records = {cell("none", "none", 1, 0.9), cell("none", "none", 1, 0.9)};
  EXPECT_EQ(at(build_tables(records, {}).at(0), 0, "none", "accuracy").n, 1);
  records[1].key = "other";
  EXPECT_EQ(code(records, {}), "usage.conflicting-records");
}

TEST(TableTest, ShowsTheColumnsThatWereAskedFor) {
  const std::vector<CellRecord> records = {cell("b", "none", 1, 0.9, 0.9)};
  const Table table = build_tables(records, {.columns = {"asr", "accuracy", "verdict"}}).at(0);
  ASSERT_EQ(table.columns.size(), 2U);
  EXPECT_EQ(table.columns[0].id, "accuracy");
  EXPECT_EQ(table.columns[1].id, "asr");
  EXPECT_EQ(code(records, {.columns = {"acuracy"}}), "usage.unknown-column");
}

TEST(TableTest, NoRecordsGiveNoTable) { EXPECT_TRUE(build_tables({}, {}).empty()); }

TEST(ProvenanceTest, NamesVersionCellsFailuresAndCommand) {
  const std::vector<CellRecord> records = {cell("none", "none", 1, 0.9),
                                           failed_cell("none", "x", 1, "boom")};
  EXPECT_EQ(provenance(records, {.version = "1.2", .regenerate = "ncmlab run a.toml"}),
            "ncmlab 1.2; 2 cells, 1 failed; regenerate with: ncmlab run a.toml");
  EXPECT_EQ(provenance({records[0]}, {}), "ncmlab; 1 cell");
}

}  // namespace
}  // namespace ncmlab
