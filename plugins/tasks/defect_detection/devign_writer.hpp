// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "ncmlab/data/example.hpp"

namespace ncmlab {

/// Writes `train.jsonl`, `valid.jsonl` and `test.jsonl` that read_devign() reads, each if its split
/// is not empty. `idx` is the number of an id `devign-N` where every sample of the split has one of
/// its own, else the position. Throws Error `io.write`.
void write_devign(const Corpus& corpus, const std::filesystem::path& folder);

}  // namespace ncmlab
