// SPDX-License-Identifier: Apache-2.0
#include "report/summary.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include "report/text.hpp"

namespace ncmlab {
namespace {

std::string number_text(double value, Unit unit) {
  switch (unit) {
    case Unit::percent:
      return fixed_decimals(100 * value, 2);
    case Unit::points: {
      const std::string text = fixed_decimals(100 * value, 2);
      return text.front() == '-' || text == "0.00" ? text : "+" + text;
    }
    case Unit::seconds:
      return fixed_decimals(value, 1);
    case Unit::number:
      return fixed_decimals(value, 2);
    case Unit::count:
      break;
  }
  return compact_count(value);
}

std::string deviation_text(double deviation, Unit unit) {
  return number_text(deviation, unit == Unit::points ? Unit::percent : unit);
}

TableCell summarize(const std::vector<double>& values, Unit unit, std::size_t seeds) {
  TableCell cell;
  if (values.empty()) {
    return cell;
  }
  const double count = static_cast<double>(values.size());
  double sum = 0;
  for (const double value : values) {
    sum += value;
  }
  const double mean = sum / count;
  cell.value = mean;
  cell.n = static_cast<std::int64_t>(values.size());
  cell.text = number_text(mean, unit);
  if (values.size() >= 3) {
    double squares = 0;
    for (const double value : values) {
      squares += (value - mean) * (value - mean);
    }
    cell.deviation = std::sqrt(squares / (count - 1));
    cell.text += " ± " + deviation_text(*cell.deviation, unit);
  }
  if (values.size() != seeds) {
    cell.text += " (n=" + std::to_string(values.size()) + ")";
  }
  return cell;
}

}  // namespace

TableCell metric_cell(const Metric& metric, const SeedRecords& row, bool expected) {
  std::vector<double> values;
  for (const CellRecord* record : row.measured) {
    if (const auto measured = metric.measure(*record)) {
      values.push_back(measured->value);
    }
  }
  TableCell cell = summarize(values, metric.unit, row.seeds);
  if (expected && row.measured.empty() && !row.failed.empty()) {
    cell.text = kFailedText;
  }
  return cell;
}

TableCell difference_cell(const Metric& metric, const SeedRecords& row, const SeedRecords& base) {
  std::vector<double> values;
  for (const CellRecord* record : row.measured) {
    const auto same_seed =
        std::find_if(base.measured.begin(), base.measured.end(),
                     [&](const CellRecord* other) { return other->seed == record->seed; });
    if (same_seed == base.measured.end()) {
      continue;
    }
    const auto value = metric.measure(*record);
    const auto reference = metric.measure(**same_seed);
    if (value && reference) {
      values.push_back(value->value - reference->value);
    }
  }
  return summarize(values, Unit::points, row.seeds);
}

TableCell verdict_cell(const SeedRecords& row) {
  std::int64_t backdoored = 0;
  TableCell cell;
  for (const CellRecord* record : row.measured) {
    if (record->backdoored) {
      ++cell.n;
      backdoored += *record->backdoored ? 1 : 0;
    }
  }
  if (cell.n > 0) {
    cell.text = backdoored > 0 ? "backdoored" : "clean";
    if (cell.n > 1) {
      cell.text +=
          " " + std::to_string(backdoored > 0 ? backdoored : cell.n) + "/" + std::to_string(cell.n);
    }
  }
  return cell;
}

TableCell trigger_cell(const SeedRecords& row) {
  TableCell cell;
  const TriggerRecord* shown = nullptr;
  std::set<std::string> texts;
  for (const CellRecord* record : row.measured) {
    const auto& triggers = record->triggers;
    if (triggers.empty()) {
      continue;
    }
    if (shown == nullptr) {
      shown = &triggers.front();
    }
    texts.insert(triggers.front().text);
    ++cell.n;
  }
  if (shown != nullptr) {
    const std::string text = printable(shown->text);
    // Text that is all spaces would look like a cell without a trigger.
    cell.text = text.find_first_not_of(' ') == std::string::npos ? "\"" + text + "\"" : text;
    if (texts.size() > 1) {
      cell.text += " (+" + std::to_string(texts.size() - 1) + ")";
    }
  }
  return cell;
}

void mark_best(Group& group, const std::vector<Column>& columns) {
  for (std::size_t c = 0; c < columns.size(); ++c) {
    if (columns[c].direction == Direction::none) {
      continue;
    }
    const double sign = columns[c].direction == Direction::up ? 1 : -1;
    std::int64_t most_seeds = 0;
    for (const Row& row : group.rows) {
      most_seeds = std::max(most_seeds, row.cells[c].n);
    }
    const auto competes = [&](const TableCell& cell) { return cell.value && cell.n == most_seeds; };
    const auto score = [&](const TableCell& cell) { return sign * std::round(*cell.value * 1e4); };
    std::set<double> scores;
    for (const Row& row : group.rows) {
      if (competes(row.cells[c])) {
        scores.insert(score(row.cells[c]));
      }
    }
    for (Row& row : group.rows) {
      TableCell& cell = row.cells[c];
      cell.best = scores.size() > 1 && competes(cell) && score(cell) == *scores.rbegin();
    }
  }
}

}  // namespace ncmlab
