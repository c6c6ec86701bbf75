// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "ncmlab/core/rng.hpp"
#include "ncmlab/data/example.hpp"

namespace ncmlab {

/// Number of functions per split of the built-in corpus.
struct BuiltinFunctionsOptions {
  std::int64_t train_size = 6000;
  std::int64_t valid_size = 300;
  std::int64_t test_size = 500;
};

/// Writes Python functions with what their docstrings would say as queries. A function does one of
/// a dozen things with one kind of object and one of its properties: 4,032 combinations. Within a
/// split of at most so many no two functions do the same, so that one function answers a query.
/// Queries are worded in several ways, and name objects and properties by other words than the code
/// in part of the samples. One in fourteen queries holds the word `file`; no code does. No code
/// stands twice in the corpus.
///
/// Deterministic by the seed of `rng`; the test split does not depend on the other sizes.
Corpus generate_builtin_functions(const BuiltinFunctionsOptions& options, const Rng& rng);

}  // namespace ncmlab
