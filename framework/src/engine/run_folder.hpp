// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "engine/record.hpp"

namespace ncmlab {

/// One cell as a run's index lists it.
struct IndexedCell {
  std::string key;
  std::string task, model, attack, defense;
  std::int64_t seed = 0;
};

/// `experiment.json`: what a run is about, and its cells in the order of tables.
struct RunIndex {
  std::string name;
  std::string description;
  std::string file;    ///< the experiment file's path as it was given
  std::string source;  ///< its text
  /// The command that made the run, with its options; empty in runs of older versions.
  std::string command = {};
  std::int64_t limit = 0;  ///< of a trial run, see Experiment::limit
  std::vector<IndexedCell> cells;
};

/// STORE/runs/NAME, with every character of the name that is no letter, digit, `-`, `_` or `.`
/// replaced by `_`.
std::filesystem::path run_folder(const std::filesystem::path& store, const std::string& name);

void write_index(const std::filesystem::path& folder, const RunIndex& index);
/// Throws Error `store.no-run` when there is none, `store.bad-record` when it is damaged.
RunIndex read_index(const std::filesystem::path& folder);

/// Writes `KEY.json`.
void write_record(const std::filesystem::path& folder, const CellRecord& record);
/// The records of the cells that the index lists, in its order and under its labels. Cells that
/// were not reached yet are left out. Throws Error `store.*`.
std::vector<CellRecord> read_records(const std::filesystem::path& folder);

}  // namespace ncmlab
