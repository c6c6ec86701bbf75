// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "ncmlab/data/column_reader.hpp"
#include "ncmlab/data/example.hpp"

namespace ncmlab {

/// Writes a folder that read_json_lines() reads with the same `columns`. The records of `source`,
/// which the corpus was read from, keep all fields of which the samples say nothing else; an empty
/// `source` gives records of the named columns alone. An id that recurs within a split is told
/// apart by `#2`, `#3`, ... Throws Error `io.write`.
void write_json_lines(const Corpus& corpus, const ColumnMapping& columns,
                      const std::filesystem::path& source, const std::filesystem::path& folder);

}  // namespace ncmlab
