// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <string>
#include <vector>

#include "engine/record.hpp"
#include "ncmlab/core/enum_names.hpp"

namespace ncmlab {

/// Whose gain the marked best values are: a low attack success rate is good for the defender only.
enum class Perspective { defender, attacker };

constexpr auto enum_names(Perspective) {
  return std::to_array<EnumName<Perspective>>(
      {{Perspective::defender, "defender"}, {Perspective::attacker, "attacker"}});
}

enum class ReportFormat { terminal, markdown, latex, csv, json };

constexpr auto enum_names(ReportFormat) {
  using enum ReportFormat;
  return std::to_array<EnumName<ReportFormat>>({{terminal, "terminal"},
                                                {markdown, "markdown"},
                                                {markdown, "md"},
                                                {latex, "latex"},
                                                {latex, "tex"},
                                                {csv, "csv"},
                                                {json, "json"}});
}

/// The columns on how much an attack stands out, and to whom, beside its success.
const std::vector<std::string>& stealth_columns();

struct ReportOptions {
  std::string version;     ///< of ncmlab, for the provenance line; left out when empty
  std::string regenerate;  ///< the command that makes these records anew; left out when empty
  Perspective perspective = Perspective::defender;
  /// Ids of the columns to show; empty: all that have a value, but for those of the edits.
  std::vector<std::string> columns;
  int width = 0;            ///< columns of the terminal; 0: no limit
  bool colour = false;      ///< terminal: the best values in bold
  bool standalone = false;  ///< LaTeX: a document of its own
  bool intervals = false;   ///< CSV and JSON: 95 % Wilson interval of each proportion
  bool samples = false;     ///< JSON: with the outcome of each test sample
};

/// All records as one text that ends with a newline: one table per task, rows grouped by model and
/// attack, one row per defense. Depends on nothing but its arguments; the order of the records
/// decides the order of tables, groups and rows, with `none` first among attacks and defenses.
/// A row holds records that differ by their seeds only: what else differs stands apart, see
/// told_apart(). A record given twice counts once. Throws Error `usage.conflicting-records` when
/// two records of one cell have different keys or results, `usage.unknown-column` for a column id
/// that no table has.
std::string render_report(const std::vector<CellRecord>& records, ReportFormat format,
                          const ReportOptions& options = {});

}  // namespace ncmlab
