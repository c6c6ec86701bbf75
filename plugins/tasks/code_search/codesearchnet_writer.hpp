// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "ncmlab/data/example.hpp"

namespace ncmlab {

/// Writes `train.jsonl`, `valid.jsonl` and `test.jsonl` that read_codesearchnet() reads, each if
/// its split is not empty: `code` without a docstring, its words and symbols as `code_tokens`, the
/// query as `docstring` and `docstring_tokens`. Throws Error `io.write`.
void write_codesearchnet(const Corpus& corpus, const std::filesystem::path& folder);

}  // namespace ncmlab
