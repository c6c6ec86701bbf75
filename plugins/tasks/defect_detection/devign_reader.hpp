// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "ncmlab/data/bad_records.hpp"
#include "ncmlab/data/example.hpp"

namespace ncmlab {

/// Reads Devign as CodeXGLUE hands it out (Zhou et al., NeurIPS 2019): either `train.jsonl`,
/// `test.jsonl` and perhaps `valid.jsonl` with fields `target`, `func`, `idx`, or `function.json`
/// with `train.txt`, `valid.txt` and `test.txt`, lists of positions in it. Without a validation
/// split, a tenth of the training functions becomes one, chosen by a hash of the id alone.
/// Throws Error `data.*` with file and line, unless `bad` skips records that do not fit: then the
/// corpus says so among its warnings. With `records`, only that many of each split are read (see
/// Quota).
Corpus read_devign(const std::filesystem::path& folder,
                   BadRecords bad = BadRecords(OnBadRecord::error), std::int64_t records = 0);

/// The array that function.json holds. Throws Error `data.*` or `io.read`.
nlohmann::json read_devign_functions(const std::filesystem::path& function_json);

/// The files that read_devign() would read, in a fixed order. Throws Error `data.missing-file`.
std::vector<std::filesystem::path> devign_files(const std::filesystem::path& folder);

}  // namespace ncmlab
