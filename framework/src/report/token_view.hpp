// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ncmlab/tokenize/tokenizer.hpp"

namespace ncmlab {

/// What a tokenizer makes of an edit, as lines: the runs of tokens that differ, each once with the
/// number of its places, and the two lengths against the longest input `limit`. When nothing
/// differs, a line that says that the model does not see the edit.
std::string render_token_edit(const Tokenizer& tokenizer, const std::vector<std::int64_t>& clean,
                              const std::vector<std::int64_t>& edited, std::int64_t limit);

}  // namespace ncmlab
