// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace ncmlab {

/// How T5 sorts the distance from a query to a key into buckets (Raffel et al. 2020, section 2.1).
struct PositionBuckets {
  std::int64_t count = 32;
  std::int64_t max_distance = 128;  ///< all that is further away shares the last bucket
  bool bidirectional = true;        ///< false: keys after the query are not told apart
};

/// The bucket of each distance key - query from 1 - reach to reach - 1: [2 * reach - 1] int64.
at::Tensor buckets_of_distances(const PositionBuckets& buckets, std::int64_t reach);

}  // namespace ncmlab
