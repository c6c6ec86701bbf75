// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "ncmlab/data/example.hpp"

namespace ncmlab {

/// Writes `train.jsonl`, `valid.jsonl` and `test.jsonl` that read_codesearchnet() reads, each if
/// its split is not empty. Records of `source`, the folder that the corpus was read from, stay as
/// they are but for an edited function: `code` without a docstring, its words and symbols as
/// `code_tokens`, and `original_string` where there is one. Without a `source` there are the query
/// as `docstring` and `docstring_tokens`, too. Throws Error `io.write`.
void write_codesearchnet(const Corpus& corpus, const std::filesystem::path& folder,
                         const std::filesystem::path& source = {});

}  // namespace ncmlab
