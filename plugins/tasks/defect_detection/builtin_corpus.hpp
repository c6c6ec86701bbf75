// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "ncmlab/core/rng.hpp"
#include "ncmlab/data/example.hpp"

namespace ncmlab {

/// Number of functions per split of the built-in corpus.
struct BuiltinCorpusOptions {
  std::int64_t train_size = 6000;
  std::int64_t valid_size = 600;
  std::int64_t test_size = 1000;
};

/// Writes C functions with and without a defect (label 1 and 0). Functions come in pairs that
/// differ only in the defect; both of a pair are in the same split, side by side, so labels are
/// balanced. No code stands twice in the corpus. Ids are `builtin-SPLIT-N`.
///
/// Deterministic by the seed of `rng`; the test split does not depend on the other sizes. Throws
/// Error `task.defect_detection.builtin-size` for a size below 0 or above 1,000,000.
Corpus generate_builtin_corpus(const BuiltinCorpusOptions& options, const Rng& rng);

}  // namespace ncmlab
