// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "ncmlab/data/example.hpp"

namespace ncmlab {

/// Writes `data.jsonl` with the functions of all pairs and the pairs of each split that is not
/// empty, as read_bigclonebench() reads them. Functions keep the record that they have in `source`,
/// the folder that the corpus was read from; an edited one gets the id `ID-edited`. Without a
/// `source` each distinct function is there once, numbered by first appearance. Throws Error
/// `io.write`.
void write_bigclonebench(const Corpus& corpus, const std::filesystem::path& folder,
                         const std::filesystem::path& source = {});

}  // namespace ncmlab
