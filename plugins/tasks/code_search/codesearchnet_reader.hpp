// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <vector>

#include "ncmlab/data/bad_records.hpp"
#include "ncmlab/data/example.hpp"

namespace ncmlab {

/// Reads CodeSearchNet's JSONL (Husain et al. 2019): `train`, `valid` (may be missing) and `test`,
/// each a file with the ending `.jsonl` or `.jsonl.gz` or a folder of such files. The query is the
/// docstring's tokens joined by blanks (`docstring_tokens`, or `docstring` where there are none),
/// the code is `code` without the docstring. Functions without a query or without code are records
/// that do not fit. Throws Error `data.*` with file and line, unless `bad` skips such records.
Corpus read_codesearchnet(const std::filesystem::path& folder, BadRecords bad);

/// The files that read_codesearchnet() would read, in a fixed order. Throws Error
/// `data.missing-file`.
std::vector<std::filesystem::path> codesearchnet_files(const std::filesystem::path& folder);

}  // namespace ncmlab
