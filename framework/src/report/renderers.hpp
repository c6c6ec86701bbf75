// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "report/table.hpp"

namespace ncmlab {

/// Aligned columns of plain text; with `options.width`, text is cut and columns are left out (and
/// named below the table) until the table fits.
std::string render_terminal(const std::vector<Table>& tables, const std::string& provenance,
                            const ReportOptions& options);

/// GitHub-flavoured Markdown.
std::string render_markdown(const std::vector<Table>& tables, const std::string& provenance);

/// One `table` environment per task; needs the package booktabs. Best values are set with
/// `\ncmbest`, which a document may define before.
std::string render_latex(const std::vector<Table>& tables, const std::string& provenance,
                         const ReportOptions& options);

/// Tidy form: one line per cell, seed and metric, values unrounded. A failed cell has one line with
/// the metric `failure` and the reason as its text. Printable text that no spreadsheet takes for a
/// formula, quoted by RFC 4180; lines end with \n.
std::string render_csv(const std::vector<CellRecord>& records, const ReportOptions& options);

/// One object: `schema_version`, the records, and the tables' means and deviations.
std::string render_json(const std::vector<CellRecord>& records, const std::vector<Table>& tables,
                        const ReportOptions& options);

}  // namespace ncmlab
