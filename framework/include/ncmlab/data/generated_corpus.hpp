// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "ncmlab/core/rng.hpp"
#include "ncmlab/data/example.hpp"

namespace ncmlab {

/// How many samples each split of a generated corpus has.
struct CorpusSizes {
  std::int64_t train = 0;
  std::int64_t valid = 0;
  std::int64_t test = 0;
};

/// The test split, then the validation and the training split: so may a later split leave out what
/// an earlier one holds, and the test split not depend on the other sizes. `write` gives `size`
/// samples, drawn from `rng`, the split's own stream; their ids become `builtin-SPLIT-N`.
Corpus generate_corpus(
    const CorpusSizes& sizes, const Rng& rng,
    const std::function<std::vector<Example>(std::int64_t size, Rng rng)>& write);

/// `text` with one side of each `@{first@|second@}`.
std::string choose_form(std::string text, bool second);

/// `text` with `word_of(c)` for each `$` and the character `c` after it.
std::string fill_holes(std::string_view text, const std::function<std::string(char)>& word_of);

}  // namespace ncmlab
