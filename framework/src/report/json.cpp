// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>

#include "report/renderers.hpp"
#include "report/text.hpp"

namespace ncmlab {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kReportSchema = 1;

Json record_json(const CellRecord& record, const ReportOptions& options) {
  CellRecord shown = record;
  if (!options.samples) {
    shown.outcomes.clear();
    shown.queries.clear();
  }
  Json json = Json::parse(to_json(shown));
  if (options.intervals && record.measured()) {
    Json intervals = Json::object();
    for (const Metric& metric : metrics()) {
      const auto measured = metric.measure(record);
      if (metric.proportion && measured && measured->n) {
        const auto [low, high] = wilson_interval(measured->value, *measured->n);
        intervals[metric.id] = {low, high};
      }
    }
    json["intervals"] = std::move(intervals);
  }
  return json;
}

Json row_json(const Table& table, const Group& group, const Row& row) {
  Json json = {{"model", group.model}, {"attack", group.attack}, {"defense", row.defense}};
  Json cells = Json::object();
  for (std::size_t c = 0; c < row.cells.size(); ++c) {
    const TableCell& cell = row.cells[c];
    if (cell.text.empty() || cell.text == kFailedText) {
      continue;
    }
    Json& entry = cells[table.columns[c].id];
    if (cell.value) {
      entry["mean"] = *cell.value;
    }
    if (cell.deviation) {
      entry["deviation"] = *cell.deviation;
    }
    entry["seeds"] = cell.n;
    entry["text"] = cell.text;
  }
  json["cells"] = std::move(cells);
  json["note"] = row.note > 0 ? Json(table.notes[row.note - 1]) : Json(nullptr);
  return json;
}

}  // namespace

std::string render_json(const std::vector<CellRecord>& records, const std::vector<Table>& tables,
                        const ReportOptions& options) {
  Json json;
  json["schema_version"] = kReportSchema;
  json["ncmlab_version"] = options.version;
  json["regenerate"] = options.regenerate;
  json["records"] = Json::array();
  for (const CellRecord* record : distinct_records(records)) {
    json["records"].push_back(record_json(*record, options));
  }
  json["tables"] = Json::array();
  for (const Table& table : tables) {
    Json rows = Json::array();
    for (const Group& group : table.groups) {
      for (const Row& row : group.rows) {
        rows.push_back(row_json(table, group, row));
      }
    }
    json["tables"].push_back(
        {{"task", table.task}, {"rows", std::move(rows)}, {"caption", caption(table)}});
  }
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace ncmlab
