// SPDX-License-Identifier: Apache-2.0
#include "report/report.hpp"

#include "report/renderers.hpp"
#include "report/stage_tables.hpp"
#include "report/table.hpp"
#include "report/told_apart.hpp"

namespace ncmlab {

const std::vector<std::string>& stealth_columns() {
  static const std::vector<std::string> columns = {"anr",
                                                   "asr",
                                                   "edit_parses",
                                                   "edit_tokens",
                                                   "edit_new_names",
                                                   "edit_old_names",
                                                   "detection_recall",
                                                   "detection_fpr"};
  return columns;
}

std::string render_report(const std::vector<CellRecord>& given, ReportFormat format,
                          const ReportOptions& options) {
  const std::vector<CellRecord> records = told_apart(given);
  if (format == ReportFormat::csv) {
    return render_csv(records, options);
  }
  std::vector<Table> tables = build_tables(records, options);
  if (format != ReportFormat::json && options.columns.empty()) {
    tables = by_stage(std::move(tables));
  }
  switch (format) {
    case ReportFormat::markdown:
      return render_markdown(tables, provenance(records, options));
    case ReportFormat::latex:
      return render_latex(tables, provenance(records, options), options);
    case ReportFormat::json:
      return render_json(records, tables, options);
    default:
      return render_terminal(tables, provenance(records, options), options);
  }
}

}  // namespace ncmlab
