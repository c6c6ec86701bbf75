// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "engine/record.hpp"
#include "ncmlab/core/diagnostic.hpp"

namespace ncmlab {

/// One cell as a run's index lists it.
struct IndexedCell {
  std::string key;  ///< 32 hexadecimal digits
  std::string task, model, attack, defense;
  std::int64_t seed = 0;
};

/// `experiment.json`: what a run is about, and its cells in the order of tables.
struct RunIndex {
  std::string name;
  std::string description;
  std::string file;      ///< the experiment file's path as it was given
  std::string location;  ///< where that was
  std::string source;    ///< its text
  /// The command that made the run, with its options; empty in runs of older versions.
  std::string command = {};
  std::int64_t limit = 0;  ///< of a trial run, see Experiment::limit
  std::vector<IndexedCell> cells;
};

/// STORE/runs/NAME, with every character of the name that is no letter, digit, `-`, `_` or `.`
/// replaced by `_`.
std::filesystem::path run_folder(const std::filesystem::path& store, const std::string& name);

/// Files of a run begin with a digest of the rest of them, so that a change is found when they are
/// read. Throws Error `store.link` when `folder` is a symbolic link.
void write_index(const std::filesystem::path& folder, const RunIndex& index);
/// Throws Error `store.no-run` when there is none, `store.bad-record` when it is damaged or was
/// changed.
RunIndex read_index(const std::filesystem::path& folder);
/// Writes the index of `store`'s run of that name over an older one. An index is another
/// experiment's when neither place nor text of the file are the same and not all its cells are
/// in the new one: a copy of it is kept as `experiment.N.json`, and what is returned tells so.
std::optional<Diagnostic> replace_index(const std::filesystem::path& store, const RunIndex& index);

/// Writes `KEY.json`.
void write_record(const std::filesystem::path& folder, const CellRecord& record);
/// The records of the cells that the index lists, in its order and under its labels. Cells that
/// were not reached yet are left out. Throws Error `store.bad-record` also for a record that was
/// changed or is another cell's.
std::vector<CellRecord> read_records(const std::filesystem::path& folder);

}  // namespace ncmlab
