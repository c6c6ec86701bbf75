// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "ncmlab/data/bad_records.hpp"
#include "ncmlab/data/example.hpp"

namespace ncmlab {

/// Reads BigCloneBench as CodeXGLUE hands it out: functions in `data.jsonl` (also `.gz`) with the
/// fields `func` and `idx`, pairs in `train.txt`, `valid.txt` and `test.txt`, one a line: two ids
/// and the label, 1 for clones, parted by tabs or blanks. Without `valid.txt` a tenth of the
/// training pairs becomes the validation split, chosen by a hash of their ids. Throws Error
/// `data.*` with file and line, unless `bad` skips such records and pairs. With `records`, only
/// that many pairs of each split are read (see Quota).
Corpus read_bigclonebench(const std::filesystem::path& folder, BadRecords bad,
                          std::int64_t records = 0);

/// How the files call what read_bigclonebench() reads.
struct BigCloneBenchIds {
  std::unordered_map<std::string, nlohmann::json> functions;  ///< records by function id
  /// The two functions of a pair by the id of its sample.
  std::unordered_map<std::string, std::pair<std::string, std::string>> pairs;
};
/// Reads them; what does not fit is left out.
BigCloneBenchIds read_bigclonebench_ids(const std::filesystem::path& folder);

/// The files that read_bigclonebench() would read, in a fixed order. Throws Error
/// `data.missing-file`.
std::vector<std::filesystem::path> bigclonebench_files(const std::filesystem::path& folder);

}  // namespace ncmlab
