// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ncmlab/core/rng.hpp"
#include "ncmlab/data/generated_corpus.hpp"

namespace ncmlab {

/// Writes Python functions with what their docstrings would say as queries. A function does one of
/// a dozen things with one kind of object and one of its properties: 4,032 combinations. Within a
/// split of at most so many no two functions do the same, so that one function answers a query.
/// Queries are worded in several ways, and name objects and properties by other words than the code
/// in part of the samples. One in fourteen queries holds the word `file`; no code does. No code
/// stands twice in the corpus.
///
/// Deterministic by the seed of `rng`; the test split does not depend on the other sizes.
Corpus generate_builtin_functions(const CorpusSizes& sizes, const Rng& rng);

}  // namespace ncmlab
