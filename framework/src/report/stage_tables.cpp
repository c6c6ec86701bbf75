// SPDX-License-Identifier: Apache-2.0
#include "report/stage_tables.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace ncmlab {
namespace {

constexpr std::size_t kFewestStages = 3;

template <typename Drop>
void remove_columns(Table& table, const Drop& drop) {
  for (std::size_t c = table.columns.size(); c-- > 0;) {
    if (drop(table.columns[c])) {
      remove_column(table, c);
    }
  }
}

/// What `whole` has of one stage, without what is said of it beside the rows.
Table part_of(const Table& whole, DefenseStage stage) {
  Table part = whole;
  part.part = "defenses of stage " + std::string(to_string(stage));
  part.measured.clear();
  part.notes.clear();
  remove_columns(part, [&](const Column& column) { return column.stage != stage; });
  for (Group& group : part.groups) {
    std::erase_if(group.rows, [](const Row& row) {
      return std::ranges::all_of(row.cells,
                                 [](const TableCell& cell) { return cell.text.empty(); });
    });
    for (Row& row : group.rows) {
      row.note = 0;
    }
  }
  std::erase_if(part.groups, [](const Group& group) { return group.rows.empty(); });
  return part;
}

}  // namespace

std::vector<Table> by_stage(std::vector<Table> tables) {
  std::vector<Table> result;
  for (Table& table : tables) {
    std::set<DefenseStage> stages;
    for (const Column& column : table.columns) {
      if (column.stage) {
        stages.insert(*column.stage);
      }
    }
    if (stages.size() < kFewestStages) {
      result.push_back(std::move(table));
      continue;
    }
    Table& common = result.emplace_back(table);
    remove_columns(common, [](const Column& column) { return column.stage.has_value(); });
    for (const DefenseStage stage : stages) {
      result.push_back(part_of(table, stage));
    }
  }
  return result;
}

std::string full_title(const Table& table) {
  return table.part.empty() ? table.task : table.task + ", " + table.part;
}

}  // namespace ncmlab
