// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/analysis/k_means.hpp"

#include <torch/types.h>

#include <algorithm>
#include <limits>
#include <map>

namespace ncmlab {
namespace {

constexpr int kMostSteps = 300;

at::Tensor squared_distances(const at::Tensor& points, const at::Tensor& centres) {
  return (points.unsqueeze(1) - centres.unsqueeze(0)).square().sum(2);
}

/// k-means++: each further centre is drawn with a probability that grows with the square of the
/// distance to the nearest one so far.
at::Tensor seeds(const at::Tensor& points, std::int64_t k, Rng& rng) {
  const auto n = static_cast<std::uint64_t>(points.size(0));
  std::vector<at::Tensor> centres = {points[static_cast<std::int64_t>(rng.below(n))]};
  while (static_cast<std::int64_t>(centres.size()) < k) {
    const at::Tensor nearest =
        std::get<0>(squared_distances(points, at::stack(centres)).min(1)).contiguous();
    const auto* weight = nearest.data_ptr<double>();
    double left = rng.uniform() * nearest.sum().item<double>();
    std::int64_t chosen = 0;
    for (std::int64_t i = 0; i < points.size(0); ++i) {
      chosen = i;
      left -= weight[i];
      if (left < 0) {
        break;
      }
    }
    centres.push_back(points[chosen]);
  }
  return at::stack(centres);
}

struct Clustering {
  at::Tensor clusters;  ///< [n]
  double inertia = std::numeric_limits<double>::infinity();
};

Clustering lloyd(const at::Tensor& points, at::Tensor centres) {
  Clustering result;
  for (int step = 0; step < kMostSteps; ++step) {
    const auto [distances, clusters] = squared_distances(points, centres).min(1);
    const bool is_done = result.clusters.defined() && clusters.equal(result.clusters);
    result = {.clusters = clusters, .inertia = distances.sum().item<double>()};
    if (is_done) {
      break;
    }
    at::Tensor next = centres.clone();
    for (std::int64_t cluster = 0; cluster < centres.size(0); ++cluster) {
      const at::Tensor members = points.index({clusters.eq(cluster)});
      if (members.size(0) > 0) {
        next[cluster] = members.mean(0);
      }
    }
    centres = next;
  }
  return result;
}

}  // namespace

std::vector<std::int64_t> k_means(const at::Tensor& points, std::int64_t k, const Rng& rng,
                                  std::int64_t restarts) {
  const at::NoGradGuard no_grad;
  const at::Tensor rows = points.to(at::kDouble).cpu();
  if (rows.size(0) == 0) {
    return {};
  }
  Clustering best;
  for (std::int64_t restart = 0; restart < restarts; ++restart) {
    Rng stream = rng.stream("k-means", static_cast<std::uint64_t>(restart));
    Clustering found = lloyd(rows, seeds(rows, k, stream));
    if (found.inertia < best.inertia) {
      best = std::move(found);
    }
  }
  const at::Tensor clusters = best.clusters.contiguous();
  const auto* first = clusters.data_ptr<std::int64_t>();
  return {first, first + clusters.numel()};
}

double silhouette(const at::Tensor& points, const std::vector<std::int64_t>& clusters) {
  const at::NoGradGuard no_grad;
  const at::Tensor rows = points.to(at::kDouble).cpu().contiguous();
  std::map<std::int64_t, double> sizes;
  for (const std::int64_t cluster : clusters) {
    ++sizes[cluster];
  }
  if (sizes.size() < 2) {
    return 0;
  }
  double total = 0;
  for (std::int64_t i = 0; i < rows.size(0); ++i) {
    const std::int64_t own = clusters[static_cast<std::size_t>(i)];
    if (sizes[own] < 2) {
      continue;
    }
    const at::Tensor distances = (rows - rows[i]).square().sum(1).sqrt().contiguous();
    const auto* distance = distances.data_ptr<double>();
    std::map<std::int64_t, double> sums;
    for (std::size_t j = 0; j < clusters.size(); ++j) {
      sums[clusters[j]] += distance[j];
    }
    const double inside = sums[own] / (sizes[own] - 1);
    double outside = std::numeric_limits<double>::infinity();
    for (const auto& [cluster, sum] : sums) {
      if (cluster != own) {
        outside = std::min(outside, sum / sizes[cluster]);
      }
    }
    const double larger = std::max(inside, outside);
    total += larger > 0 ? (outside - inside) / larger : 0;
  }
  return total / static_cast<double>(clusters.size());
}

}  // namespace ncmlab
