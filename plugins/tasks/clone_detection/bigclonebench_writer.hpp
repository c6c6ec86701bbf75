// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "ncmlab/data/example.hpp"

namespace ncmlab {

/// Writes `data.jsonl` with each distinct function once, numbered by first appearance, and the
/// pairs of each split that is not empty, as read_bigclonebench() reads them. Throws Error
/// `io.write`.
void write_bigclonebench(const Corpus& corpus, const std::filesystem::path& folder);

}  // namespace ncmlab
