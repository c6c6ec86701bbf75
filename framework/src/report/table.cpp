// SPDX-License-Identifier: Apache-2.0
#include "report/table.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <tuple>

#include "ncmlab/core/diagnostic.hpp"
#include "ncmlab/core/wording.hpp"
#include "report/caption.hpp"
#include "report/conditions.hpp"
#include "report/summary.hpp"
#include "report/text.hpp"

namespace ncmlab {
namespace {

struct Victim {
  std::string model, attack;
  std::vector<std::pair<std::string, SeedRecords>> rows;  ///< by defense
};

struct ColumnMaker {
  Column column;
  bool on_request = false;  ///< shown where it is asked for by name
  std::function<TableCell(const Victim&, const std::string& defense, const SeedRecords&)> cell;
};

std::vector<std::string> in_order(const std::vector<const CellRecord*>& records,
                                  std::string CellRecord::*axis) {
  std::vector<std::string> values;
  for (const CellRecord* record : records) {
    if (std::find(values.begin(), values.end(), record->*axis) == values.end()) {
      values.push_back(record->*axis);
    }
  }
  return values;
}

std::vector<std::string> none_first(std::vector<std::string> values) {
  values.erase(std::remove(values.begin(), values.end(), "none"), values.end());
  values.insert(values.begin(), "none");
  return values;
}

std::vector<const CellRecord*> with(const std::vector<const CellRecord*>& records,
                                    std::string CellRecord::*axis, const std::string& value) {
  std::vector<const CellRecord*> result;
  std::copy_if(records.begin(), records.end(), std::back_inserter(result),
               [&](const CellRecord* record) { return record->*axis == value; });
  return result;
}

SeedRecords by_seed(std::vector<const CellRecord*> records, std::size_t seeds) {
  std::stable_sort(records.begin(), records.end(),
                   [](const CellRecord* a, const CellRecord* b) { return a->seed < b->seed; });
  SeedRecords row;
  row.seeds = seeds;
  for (const CellRecord* record : records) {
    (record->measured()        ? row.measured
     : record->skipped.empty() ? row.failed
                               : row.skipped)
        .push_back(record);
  }
  return row;
}

// Controls come first and are there even when nothing was measured.
std::vector<Victim> victims_of(const std::vector<const CellRecord*>& records) {
  const std::size_t seeds = seeds_of(records).size();
  std::vector<Victim> victims;
  for (const std::string& model : in_order(records, &CellRecord::model)) {
    const auto of_model = with(records, &CellRecord::model, model);
    for (const std::string& attack : none_first(in_order(of_model, &CellRecord::attack))) {
      const auto of_attack = with(of_model, &CellRecord::attack, attack);
      Victim victim{model, attack, {}};
      for (const std::string& defense : none_first(in_order(of_attack, &CellRecord::defense))) {
        victim.rows.emplace_back(defense,
                                 by_seed(with(of_attack, &CellRecord::defense, defense), seeds));
      }
      victims.push_back(std::move(victim));
    }
  }
  return victims;
}

bool always_measured(const Metric& metric, const Victim& victim, TaskKind kind) {
  const bool is_search = kind == TaskKind::retrieval, is_attacked = victim.attack != "none";
  switch (metric.always) {
    case Always::nowhere:
      return false;
    case Always::classifiers:
      return !is_search;
    case Always::attacked_classifiers:
      return !is_search && is_attacked;
    case Always::searches:
      return is_search;
    case Always::attacked_searches:
      break;
  }
  return is_search && is_attacked;
}

TaskKind kind_of(const SeedRecords& row) {
  const CellRecord* any = row.measured.empty() ? nullptr : row.measured.front();
  any = row.failed.empty() ? any : row.failed.front();
  return any == nullptr ? TaskKind::classification : any->kind;
}

ColumnMaker metric_column(const Metric& shown, Perspective perspective) {
  return {{shown.id, shown.title, true, direction(shown, perspective), shown.meaning, shown.rank,
           shown.stage},
          shown.on_request,
          [&shown](const Victim& victim, const std::string&, const SeedRecords& row) {
            const TaskKind kind = kind_of(row);
            return shown.of_pairs_only && kind != TaskKind::pair_classification
                       ? TableCell{}
                       : metric_cell(shown, row, always_measured(shown, victim, kind));
          }};
}

ColumnMaker difference_column(const Metric& shown) {
  const DifferenceColumn& column = shown.difference;
  return {
      {shown.id + "_difference", column.title, true, Direction::none, column.meaning, column.rank},
      false,
      [&shown](const Victim& victim, const std::string& defense, const SeedRecords& row) {
        return defense == "none" ? TableCell{}
                                 : difference_cell(shown, row, victim.rows.front().second);
      }};
}

ColumnMaker text_column(const std::string& id, TableCell (*make)(const SeedRecords&),
                        std::optional<DefenseStage> stage = {}) {
  return {{id, id, false, Direction::none, {}, 0, stage},
          false,
          [make](const Victim&, const std::string&, const SeedRecords& row) { return make(row); }};
}

std::vector<ColumnMaker> column_makers(Perspective perspective) {
  std::vector<ColumnMaker> makers;
  for (const Metric& shown : metrics()) {
    if (shown.id == "trigger_precision") {
      makers.push_back(text_column("verdict", verdict_cell));
    }
    makers.push_back(metric_column(shown, perspective));
    if (!shown.difference.title.empty()) {
      makers.push_back(difference_column(shown));
    }
  }
  makers.push_back(text_column("trigger", trigger_cell, DefenseStage::model));
  return makers;
}

void keep_wanted(std::vector<ColumnMaker>& makers, const std::vector<std::string>& wanted) {
  std::vector<std::string> known;
  for (const ColumnMaker& maker : makers) {
    known.push_back(maker.column.id);
  }
  for (const std::string& id : wanted) {
    if (std::find(known.begin(), known.end(), id) == known.end()) {
      std::vector<std::string> help = similar_name("column", id, known);
      help.push_back("columns: " + joined(known, ", "));
      throw Error("usage.unknown-column", "no table has a column `" + id + "`", std::move(help));
    }
  }
  std::erase_if(makers, [&](const ColumnMaker& maker) {
    const std::string& id = maker.column.id;
    return wanted.empty() ? maker.on_request
                          : std::find(wanted.begin(), wanted.end(), id) == wanted.end();
  });
}

std::size_t note_number(std::vector<std::string>& notes, const std::string& note) {
  const auto known = std::find(notes.begin(), notes.end(), note);
  const std::size_t number = static_cast<std::size_t>(known - notes.begin()) + 1;
  if (known == notes.end()) {
    notes.push_back(note);
  }
  return number;
}

// Each reason once, with the seeds that it befell when there are several.
std::string failure_reasons(const SeedRecords& row) {
  std::vector<std::string> reasons;
  std::map<std::string, std::string> seeds;
  for (const CellRecord* record : row.failed) {
    note_number(reasons, record->failure);
    std::string& list = seeds[record->failure];
    list += (list.empty() ? "" : ", ") + std::to_string(record->seed);
  }
  std::string text;
  for (const std::string& reason : reasons) {
    text += (text.empty() ? "" : "; ") + printable(reason);
    text += row.seeds > 1 ? " (seed " + seeds[reason] + ")" : "";
  }
  return text;
}

// Why a row is not whole; empty when it is.
std::string row_note(const SeedRecords& row) {
  if (row.size() == 0) {
    return "not measured: there is no record of this cell";
  }
  std::string text;
  if (row.size() < row.seeds) {
    text = std::to_string(row.size()) + " of " + std::to_string(row.seeds) + " seeds have a record";
  }
  if (!row.skipped.empty()) {
    return text + (text.empty() ? "" : "; ") +
           "not run: " + printable(row.skipped.front()->skipped);
  }
  if (row.failed.empty()) {
    return text;
  }
  text += text.empty() ? "" : "; ";
  if (row.seeds > 1) {
    text += std::to_string(row.failed.size()) + " of " + std::to_string(row.size()) + " ";
  }
  return text + "failed: " + failure_reasons(row);
}

std::string both(const std::string& first, const std::string& second) {
  return first + (first.empty() || second.empty() ? "" : "; ") + second;
}

/// The record without what a repetition may change.
std::string result_of(CellRecord record) {
  record.costs.clear();
  record.threads = 0;
  return to_json(record);
}

void drop_blank_columns(Table& table) {
  for (std::size_t c = table.columns.size(); c-- > 0;) {
    bool blank = true;
    for (const Group& group : table.groups) {
      for (const Row& row : group.rows) {
        blank = blank && row.cells[c].text.empty();
      }
    }
    if (blank) {
      remove_column(table, c);
    }
  }
}

Table build_table(const std::string& task, const std::vector<const CellRecord*>& records,
                  const ReportOptions& options) {
  std::vector<ColumnMaker> makers = column_makers(options.perspective);
  keep_wanted(makers, options.columns);
  Table table;
  table.task = printable(task);
  for (const ColumnMaker& maker : makers) {
    table.columns.push_back(maker.column);
  }
  bool has_all_seeds = true;
  for (const Victim& victim : victims_of(records)) {
    Group group{printable(victim.model), printable(victim.attack), {}};
    for (const auto& [defense, seeds] : victim.rows) {
      Row row;
      row.defense = printable(defense);
      for (const ColumnMaker& maker : makers) {
        row.cells.push_back(maker.cell(victim, defense, seeds));
      }
      has_all_seeds = has_all_seeds && (seeds.size() == 0 || seeds.size() == seeds.seeds);
      if (const std::string note =
              both(both(row_note(seeds), row_departures(seeds)), row_doubts(seeds));
          !note.empty()) {
        row.note = note_number(table.notes, note);
      }
      group.rows.push_back(std::move(row));
    }
    mark_best(group, table.columns);
    table.groups.push_back(std::move(group));
  }
  drop_blank_columns(table);
  table.measured = {seeds_sentence(records, has_all_seeds), sizes_sentence(records)};
  for (const std::string& sentence :
       {poisoning_sentence(records), clean_samples_sentence(records), budget_sentence(records)}) {
    if (!sentence.empty()) {
      table.measured.push_back(sentence);
    }
  }
  if (const std::string trial = trial_sentence(records); !trial.empty()) {
    table.measured.insert(table.measured.begin(), trial);
  }
  return table;
}

}  // namespace

void remove_column(Table& table, std::size_t c) {
  const auto offset = static_cast<std::ptrdiff_t>(c);
  table.columns.erase(table.columns.begin() + offset);
  for (Group& group : table.groups) {
    for (Row& row : group.rows) {
      row.cells.erase(row.cells.begin() + offset);
    }
  }
}

std::vector<const CellRecord*> distinct_records(const std::vector<CellRecord>& records) {
  std::map<std::tuple<std::string, std::string, std::string, std::string, std::int64_t>,
           const CellRecord*>
      seen;
  std::vector<const CellRecord*> result;
  for (const CellRecord& record : records) {
    const auto [place, is_new] = seen.emplace(
        std::tuple(record.task, record.model, record.attack, record.defense, record.seed), &record);
    if (is_new) {
      result.push_back(&record);
    } else if (place->second->key != record.key || result_of(*place->second) != result_of(record)) {
      throw Error("usage.conflicting-records",
                  "two different records claim task `" + record.task + "`, model `" + record.model +
                      "`, attack `" + record.attack + "`, defense `" + record.defense + "`, seed " +
                      std::to_string(record.seed) +
                      (place->second->key == record.key
                           ? ": what went into them is the same, their results are not"
                           : ""),
                  {"report the two experiments one at a time, or give their models or defenses "
                   "different labels"});
    }
  }
  return result;
}

std::vector<Table> build_tables(const std::vector<CellRecord>& records,
                                const ReportOptions& options) {
  const std::vector<const CellRecord*> distinct = distinct_records(records);
  std::vector<Table> tables;
  for (const std::string& task : in_order(distinct, &CellRecord::task)) {
    tables.push_back(build_table(task, with(distinct, &CellRecord::task, task), options));
  }
  return tables;
}

}  // namespace ncmlab
