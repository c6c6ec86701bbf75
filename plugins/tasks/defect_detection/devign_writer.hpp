// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <vector>

#include "ncmlab/data/example.hpp"

namespace ncmlab {

/// Writes a data set that read_devign() reads: `train.jsonl`, `valid.jsonl` and `test.jsonl`, each
/// if its split is not empty, or `function.json` and lists if that is the form of `source`, the
/// folder that the corpus was read from, whose other fields are kept. `idx` and positions are the
/// numbers of the ids `devign-N`; a sample without one, or with one that an earlier sample of the
/// split (of any split, where positions are written) has, gets a new number. Throws Error `io.*`,
/// and `data.*` for a `source` that cannot be read.
void write_devign(const Corpus& corpus, const std::filesystem::path& folder,
                  const std::filesystem::path& source = {});

/// Adds `func` and `target` to the records of a JSONL file that holds `examples` in this order,
/// unless they have fields of these names. Throws Error `io.*`.
void add_devign_names(const std::vector<Example>& examples, const std::filesystem::path& file);

}  // namespace ncmlab
