// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "report/metric.hpp"
#include "report/report.hpp"

namespace ncmlab {

/// The text of a cell whose measurement failed.
inline constexpr const char* kFailedText = "--";

struct TableCell {
  std::string text;                 ///< printable, in UTF-8; empty: not applicable
  std::optional<double> value;      ///< mean over seeds
  std::optional<double> deviation;  ///< sample standard deviation (n - 1), from three seeds on
  std::int64_t n = 0;               ///< seeds behind the value
  bool best = false;                ///< of its column in its group
};

struct Column {
  std::string id;
  std::string title;
  bool numeric = true;
  Direction direction = Direction::none;
  std::string meaning = {};  ///< a sentence for the caption; may be empty
  int rank = 0;  ///< a terminal that is too narrow leaves out columns of rank > 0, highest first
  std::optional<DefenseStage> stage = {};  ///< of the defenses that it is about; absent: of all
};

struct Row {
  std::string defense;
  std::vector<TableCell> cells;  ///< one per column of the table
  std::size_t note = 0;          ///< 1-based number of a note of the table; 0: none
};

/// The defenses that met one victim.
struct Group {
  std::string model, attack;
  std::vector<Row> rows;
};

struct Table {
  std::string task;
  /// Of a part of a table that was too wide: `defenses of stage data`.
  std::string part = {};
  std::vector<Column> columns;  ///< without those that are blank in every row
  std::vector<Group> groups;
  std::vector<std::string> measured;  ///< sentences: seeds and sample sizes
  std::vector<std::string> notes;
};

/// The records as tables, see render_report().
std::vector<Table> build_tables(const std::vector<CellRecord>& records,
                                const ReportOptions& options);

/// Takes a column and its cells out.
void remove_column(Table& table, std::size_t c);

/// What was measured, and what the columns that are there mean: sentences.
std::vector<std::string> caption(const Table& table);

/// The records without repeated ones. Throws Error `usage.conflicting-records`.
std::vector<const CellRecord*> distinct_records(const std::vector<CellRecord>& records);

/// ncmlab's version, number of cells and failures, and how to make them again: one line of text.
std::string provenance(const std::vector<CellRecord>& records, const ReportOptions& options);

}  // namespace ncmlab
