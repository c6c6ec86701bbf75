// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "ncmlab/core/rng.hpp"

namespace ncmlab {

/// k-means (Lloyd 1982) from k-means++ seeds (Arthur & Vassilvitskii 2007): the cluster, from 0 to
/// k - 1, of each row of `points` [n, width]. Of `restarts` the one with the least inertia. A point
/// that is as near to two centres is in the first. With fewer different points than k some clusters
/// are empty.
std::vector<std::int64_t> k_means(const at::Tensor& points, std::int64_t k, const Rng& rng,
                                  std::int64_t restarts = 10);

/// The mean silhouette (Rousseeuw 1987) of the points, in [-1, 1]: of a point, how much nearer
/// those of its own cluster are than those of the nearest other one. Points alone in their cluster
/// count 0; with fewer than two clusters it is 0. Takes n^2 distances.
double silhouette(const at::Tensor& points, const std::vector<std::int64_t>& clusters);

}  // namespace ncmlab
