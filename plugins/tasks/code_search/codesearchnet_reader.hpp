// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "ncmlab/data/bad_records.hpp"
#include "ncmlab/data/example.hpp"

namespace ncmlab {

/// Reads CodeSearchNet's JSONL (Husain et al. 2019): `train`, `valid` (may be missing) and `test`,
/// each a file with the ending `.jsonl` or `.jsonl.gz` or a folder of such files. The query is the
/// docstring's tokens joined by blanks (`docstring_tokens`, or `docstring` where there are none),
/// the code is `code` without the docstring. Functions without a query or without code are records
/// that do not fit. Throws Error `data.*` with file and line, unless `bad` skips such records. With
/// `records`, only that many of each split are read (see Quota).
Corpus read_codesearchnet(const std::filesystem::path& folder, BadRecords bad,
                          std::int64_t records = 0);

/// The file or files of one split, in order.
std::vector<std::filesystem::path> codesearchnet_split_files(const std::filesystem::path& folder,
                                                             const std::string& split);
/// What stands before the line in the ids of a split's file number `file` of `files`.
std::string codesearchnet_id_prefix(const std::string& split, std::size_t files, std::size_t file);

/// The files that read_codesearchnet() would read, in a fixed order. Throws Error
/// `data.missing-file`.
std::vector<std::filesystem::path> codesearchnet_files(const std::filesystem::path& folder);

}  // namespace ncmlab
