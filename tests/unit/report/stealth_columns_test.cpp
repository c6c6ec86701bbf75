// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>

#include "records.hpp"
#include "report/report.hpp"
#include "report/table.hpp"

namespace ncmlab {
namespace {

std::vector<CellRecord> records() {
  std::vector<CellRecord> all = {cell("none", "none", 1, 0.9), cell("loud", "none", 1, 0.9, 1.0)};
  all[1].stealth = StealthMetrics{.edits = 20,
                                  .parse_rate = 0.95,
                                  .token_edits = 11.5,
                                  .new_names = -2.345,
                                  .old_names = std::nullopt};
  return all;
}

std::string text_of(const Table& table, const std::string& column) {
  for (std::size_t c = 0; c < table.columns.size(); ++c) {
    if (table.columns[c].id == column) {
      return table.groups.at(1).rows.at(0).cells.at(c).text;
    }
  }
  return "no such column";
}

TEST(StealthColumnsTest, AreShownOnRequestOnly) {
  const Table usual = build_tables(records(), {}).at(0);
  EXPECT_EQ(text_of(usual, "edit_tokens"), "no such column");
  EXPECT_EQ(text_of(usual, "asr"), "100.00");
  const Table asked = build_tables(records(), {.columns = stealth_columns()}).at(0);
  EXPECT_EQ(text_of(asked, "edit_parses"), "95.00");
  EXPECT_EQ(text_of(asked, "edit_tokens"), "11.50");
  EXPECT_EQ(text_of(asked, "edit_new_names"), "-2.35");
  EXPECT_EQ(text_of(asked, "edit_old_names"), "no such column") << "blank in every row";
  EXPECT_EQ(text_of(asked, "accuracy"), "no such column");
}

}  // namespace
}  // namespace ncmlab
