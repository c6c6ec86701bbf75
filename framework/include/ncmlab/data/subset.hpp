// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "ncmlab/core/rng.hpp"
#include "ncmlab/data/example.hpp"

namespace ncmlab {

/// Leaves a random subset of `limit` examples in their order; 0 keeps all.
void keep_at_most(std::vector<Example>& examples, std::int64_t limit, Rng rng);

/// Leaves at most `limit` examples in their order, drawn so that the labels are as even as they can
/// be; 0 keeps all.
void keep_balanced(std::vector<Example>& examples, std::int64_t limit, Rng rng);

}  // namespace ncmlab
