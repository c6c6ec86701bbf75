// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "ncmlab/core/progress.hpp"

namespace ncmlab {

struct HdbscanOptions {
  std::int64_t min_cluster_size = 5;  ///< points of the smallest cluster, at least 2
  /// How many points, itself among them, a point's core distance reaches; at least 1. Where there
  /// are fewer points, it reaches all.
  std::int64_t min_samples = 5;
};

/// The cluster of a point that is in none.
inline constexpr std::int64_t kNoise = -1;

/// HDBSCAN* (Campello, Moulavi & Sander, PAKDD 2013) by Euclidean distance: the cluster of each row
/// of `points` [n, width], or kNoise. Clusters are those of most excess of mass; all points
/// together are none. They are numbered from 0 in the order of their first points. Edges of one
/// length are taken away at once, as in the paper, so that which points are together does not
/// depend on their order. Takes n^2 distances and room for n times `width`, which are not kept.
std::vector<std::int64_t> hdbscan(const at::Tensor& points, const HdbscanOptions& options,
                                  Progress& progress = silent_progress());

}  // namespace ncmlab
