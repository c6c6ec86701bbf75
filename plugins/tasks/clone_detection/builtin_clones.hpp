// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ncmlab/core/rng.hpp"
#include "ncmlab/data/generated_corpus.hpp"

namespace ncmlab {

/// Writes pairs of Java methods, as many clones (label 1) as others. Clones are of BigCloneBench's
/// types: 1, other layout and comments; 2, other names too; 3, further statements too; 4, another
/// way to do the same. Of the others, two in five are near misses, which differ in what the method
/// computes and perhaps in nothing else. Every method stands in several pairs of its split and in
/// no other split. No unordered pair stands twice.
///
/// Deterministic by the seed of `rng`; the test split does not depend on the other sizes.
Corpus generate_builtin_clones(const CorpusSizes& sizes, const Rng& rng);

}  // namespace ncmlab
