// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ncmlab/core/rng.hpp"
#include "ncmlab/data/generated_corpus.hpp"

namespace ncmlab {

/// Writes C functions with and without a defect (label 1 and 0). Functions come in pairs that
/// differ only in the defect; both of a pair are in the same split, side by side, so labels are
/// balanced. No code stands twice in the corpus. Ids are `builtin-SPLIT-N`.
///
/// Deterministic by the seed of `rng`; the test split does not depend on the other sizes.
Corpus generate_builtin_corpus(const CorpusSizes& sizes, const Rng& rng);

}  // namespace ncmlab
