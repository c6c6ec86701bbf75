// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/analysis/hdbscan.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <limits>
#include <numeric>
#include <utility>

namespace ncmlab {
namespace {

/// Distances that are held at once.
constexpr std::int64_t kMostDistances = 4'000'000;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// Equal rows are at distance 0, and it is the same in both directions: not by matrix products.
at::Tensor distances(const at::Tensor& from, const at::Tensor& to) {
  return at::cdist(from, to, /*p=*/2, /*compute_mode=*/2);
}

std::vector<double> core_distances(const at::Tensor& points, std::int64_t min_samples,
                                   Progress& progress) {
  const std::int64_t n = points.size(0);
  const std::int64_t reached = std::min(min_samples, n);
  const std::int64_t at_once = std::max<std::int64_t>(1, kMostDistances / n);
  std::vector<double> result;
  for (std::int64_t first = 0; first < n; first += at_once) {
    progress.check();
    const at::Tensor block = distances(points.slice(0, first, first + at_once), points);
    const at::Tensor core = std::get<0>(block.kthvalue(reached, 1)).contiguous();
    const auto* value = core.data_ptr<double>();
    result.insert(result.end(), value, value + core.numel());
  }
  return result;
}

struct Edge {
  std::size_t a = 0, b = 0;
  double length = 0;
};

/// A minimum spanning tree of the mutual reachability distances, by rising length (Prim).
std::vector<Edge> spanning_tree(const at::Tensor& points, const std::vector<double>& core,
                                Progress& progress) {
  const std::size_t n = core.size();
  std::vector<double> nearest(n, kInfinity);  // to the tree
  std::vector<std::size_t> neighbour(n), outside(n - 1);
  std::iota(outside.begin(), outside.end(), std::size_t{1});
  std::vector<Edge> edges;
  std::size_t last = 0;
  while (!outside.empty()) {
    progress.check();
    const at::Tensor row = distances(
        points.slice(0, static_cast<std::int64_t>(last), static_cast<std::int64_t>(last) + 1),
        points);
    const auto* distance = row.data_ptr<double>();
    std::size_t next = 0;
    for (std::size_t i = 0; i < outside.size(); ++i) {
      const std::size_t point = outside[i];
      const double reach = std::max({distance[point], core[point], core[last]});
      if (reach < nearest[point]) {
        nearest[point] = reach;
        neighbour[point] = last;
      }
      if (nearest[point] < nearest[outside[next]]) {
        next = i;
      }
    }
    last = outside[next];
    edges.push_back({.a = neighbour[last], .b = last, .length = nearest[last]});
    outside[next] = outside.back();
    outside.pop_back();
  }
  std::ranges::stable_sort(edges, {}, &Edge::length);
  return edges;
}

/// A set of points that are joined at one distance, made of the sets joined below it.
struct Joined {
  std::vector<std::size_t> parts;  ///< their places; none of a single point
  std::int64_t size = 1;
  double distance = 0;
};

class Components {
 public:
  explicit Components(std::size_t n) : parent_(n) {
    std::iota(parent_.begin(), parent_.end(), std::size_t{0});
  }
  std::size_t find(std::size_t point) {
    while (parent_[point] != point) {
      point = parent_[point] = parent_[parent_[point]];
    }
    return point;
  }
  void join(std::size_t a, std::size_t b) { parent_[find(a)] = find(b); }

 private:
  std::vector<std::size_t> parent_;
};

/// Single linkage of `n` points: they come first, then what is joined, all points last.
std::vector<Joined> hierarchy(std::size_t n, const std::vector<Edge>& edges) {
  std::vector<Joined> sets(n);
  Components components(n);
  std::vector<std::size_t> set_of(n);  // by the component's first member
  std::iota(set_of.begin(), set_of.end(), std::size_t{0});
  for (std::size_t begin = 0; begin < edges.size();) {
    std::size_t end = begin;
    std::vector<std::pair<std::size_t, std::size_t>> parts;  // member and set, before they join
    for (; end < edges.size() && edges[end].length == edges[begin].length; ++end) {
      for (const std::size_t point : {edges[end].a, edges[end].b}) {
        const std::size_t member = components.find(point);
        parts.emplace_back(member, set_of[member]);
      }
    }
    std::ranges::sort(parts);
    parts.erase(std::unique(parts.begin(), parts.end()), parts.end());
    for (std::size_t i = begin; i < end; ++i) {
      components.join(edges[i].a, edges[i].b);
    }
    const std::size_t first_new = sets.size();
    for (const auto& [member, set] : parts) {
      const std::size_t whole = components.find(member);
      if (set_of[whole] < first_new) {
        set_of[whole] = sets.size();
        sets.push_back({.parts = {}, .size = 0, .distance = edges[begin].length});
      }
      Joined& joined = sets[set_of[whole]];
      joined.parts.push_back(set);
      joined.size += sets[set].size;
    }
    begin = end;
  }
  return sets;
}

/// A cluster of the condensed tree.
struct Cluster {
  std::size_t parent = 0;
  double birth = 0;  ///< density (one over distance) at which it parts from its parent
  double stability = 0;
};

struct CondensedTree {
  std::vector<Cluster> clusters;    ///< all points first; parents before children
  std::vector<std::size_t> leaves;  ///< of each point the smallest cluster that holds it
};

double density_at(double distance) {
  // Finite, as differences of densities are taken.
  constexpr double kMost = std::numeric_limits<double>::max();
  return distance > 0 ? std::min(1 / distance, kMost) : kMost;
}

CondensedTree condense(std::size_t n, const std::vector<Joined>& sets, std::int64_t least) {
  CondensedTree tree{.clusters = {{}}, .leaves = std::vector<std::size_t>(n)};
  std::vector<std::pair<std::size_t, std::size_t>> waiting = {{sets.size() - 1, 0}};
  while (!waiting.empty()) {
    const auto [place, cluster] = waiting.back();
    waiting.pop_back();
    if (place < n) {
      tree.leaves[place] = cluster;
      continue;
    }
    const Joined& set = sets[place];
    const double density = density_at(set.distance);
    const auto is_large = [&](std::size_t part) { return sets[part].size >= least; };
    const bool splits = std::ranges::count_if(set.parts, is_large) > 1;
    for (const std::size_t part : set.parts) {
      std::size_t holder = cluster;
      if (splits && is_large(part)) {
        holder = tree.clusters.size();
        tree.clusters.push_back({.parent = cluster, .birth = density});
      }
      if (splits || !is_large(part)) {
        Cluster& left = tree.clusters[cluster];
        // A set that has left its cluster parts no more.
        if (set.size >= least) {
          left.stability += static_cast<double>(sets[part].size) * (density - left.birth);
        }
      }
      waiting.emplace_back(part, holder);
    }
  }
  return tree;
}

/// For each cluster the chosen one that it is in, itself perhaps; none: the first. Algorithm 3 of
/// the paper.
std::vector<std::size_t> chosen_clusters(const std::vector<Cluster>& clusters) {
  std::vector<double> below(clusters.size());  // the most that its parts come to
  std::vector<bool> is_chosen(clusters.size());
  for (std::size_t i = clusters.size() - 1; i > 0; --i) {
    is_chosen[i] = clusters[i].stability >= below[i];
    below[clusters[i].parent] += std::max(clusters[i].stability, below[i]);
  }
  std::vector<std::size_t> chosen(clusters.size());
  for (std::size_t i = 1; i < clusters.size(); ++i) {
    const std::size_t above = chosen[clusters[i].parent];
    chosen[i] = above == 0 && is_chosen[i] ? i : above;
  }
  return chosen;
}

}  // namespace

std::vector<std::int64_t> hdbscan(const at::Tensor& points, const HdbscanOptions& options,
                                  Progress& progress) {
  const at::NoGradGuard no_grad;
  const at::Tensor rows = points.to(at::kCPU, at::kDouble).contiguous();
  const auto n = static_cast<std::size_t>(rows.size(0));
  std::vector<std::int64_t> labels(n, kNoise);
  if (rows.size(0) < options.min_cluster_size) {
    return labels;
  }
  const std::vector<double> core = core_distances(rows, options.min_samples, progress);
  const CondensedTree tree =
      condense(n, hierarchy(n, spanning_tree(rows, core, progress)), options.min_cluster_size);
  const std::vector<std::size_t> chosen = chosen_clusters(tree.clusters);
  std::vector<std::int64_t> numbers(tree.clusters.size(), kNoise);
  std::int64_t count = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const std::size_t cluster = chosen[tree.leaves[i]];
    if (cluster != 0) {
      numbers[cluster] = numbers[cluster] == kNoise ? count++ : numbers[cluster];
      labels[i] = numbers[cluster];
    }
  }
  return labels;
}

}  // namespace ncmlab
