// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/record.hpp"

namespace ncmlab {

enum class ReportFormat { terminal, markdown, latex, csv, json };

/// `terminal`, `markdown` (or `md`), `latex` (or `tex`), `csv`, `json`; empty for other words.
std::optional<ReportFormat> report_format_named(std::string_view name);

struct ReportOptions {
  std::string version;      ///< of ncmlab, for the provenance line; left out when empty
  std::string regenerate;   ///< the command that makes these records anew; left out when empty
  int width = 0;            ///< columns of the terminal, for cutting long text; 0: no limit
  bool standalone = false;  ///< LaTeX: a document of its own instead of table environments
  bool intervals = false;   ///< CSV and JSON: 95 % Wilson interval beside each proportion
  bool samples = false;     ///< JSON: with the outcome of each test sample
};

/// All records as one text that ends with a newline: one table per task, rows grouped by model and
/// attack, one row per defense. Depends on nothing but its arguments; the order of the records
/// decides the order of tables, groups and rows, with `none` first among attacks and defenses.
std::string render_report(const std::vector<CellRecord>& records, ReportFormat format,
                          const ReportOptions& options = {});

}  // namespace ncmlab
