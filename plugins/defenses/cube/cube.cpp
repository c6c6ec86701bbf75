// SPDX-License-Identifier: Apache-2.0
#include "cube.hpp"

#include <ATen/core/Tensor.h>

#include <algorithm>
#include <map>
#include <utility>

#include "ncmlab/analysis/hdbscan.hpp"
#include "ncmlab/analysis/principal_components.hpp"
#include "ncmlab/plugin/registration.hpp"

namespace ncmlab {
namespace {

using Sizes = std::map<std::int64_t, std::size_t>;

/// The cluster that a label keeps whatever its share; of equals the first.
std::int64_t largest(const Sizes& clusters) {
  return std::ranges::max_element(clusters, {}, &Sizes::value_type::second)->first;
}

}  // namespace

OddClusters odd_clusters(const std::vector<std::int64_t>& clusters,
                         const std::vector<std::int64_t>& labels, bool noise_is_cluster) {
  const auto is_kept = [&](std::size_t i) { return clusters[i] == kNoise && !noise_is_cluster; };
  std::map<std::int64_t, Sizes> sizes;  // of each label's clusters
  Sizes label_sizes;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    ++label_sizes[labels[i]];
    if (!is_kept(i)) {
      ++sizes[labels[i]][clusters[i]];
    }
  }
  OddClusters result{.scores = std::vector<double>(labels.size()), .flagged = {}};
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (is_kept(i)) {
      continue;
    }
    const Sizes& of_label = sizes[labels[i]];
    const double share =
        static_cast<double>(of_label.at(clusters[i])) / static_cast<double>(label_sizes[labels[i]]);
    result.scores[i] = 1 - share;
    if (share < 0.5 && clusters[i] != largest(of_label)) {
      result.flagged.push_back(i);
    }
  }
  return result;
}

Schema<CubeConfig> Cube::schema() {
  using C = CubeConfig;
  return Schema<C>{}
      .field("components", &C::components, "Principal components that are clustered.", at_least(1))
      .field("min_cluster_size", &C::min_cluster_size, "Samples of the smallest cluster.",
             at_least(2))
      .field("min_samples", &C::min_samples,
             "Samples, itself among them, within a sample's core distance.", at_least(1))
      .field("noise_is_cluster", &C::noise_is_cluster,
             "Whether samples of no cluster are treated as one more cluster, or are kept.");
}

Suspicion Cube::inspect(DefenseContext& context) const {
  if (context.training_set.empty()) {
    return {};
  }
  std::vector<std::int64_t> labels;
  for (const Example& example : context.training_set) {
    labels.push_back(example.label);
  }
  const at::Tensor vectors = context.victim.sentence_vectors(
      context.task.tokenize(context.victim, context.training_set), context.progress);
  context.progress.check();
  const std::vector<std::int64_t> clusters =
      hdbscan(principal_components(vectors, config_.components),
              {.min_cluster_size = config_.min_cluster_size, .min_samples = config_.min_samples},
              context.progress);
  OddClusters odd = odd_clusters(clusters, labels, config_.noise_is_cluster);
  Suspicion suspicion{.flagged = std::move(odd.flagged),
                      .scores = std::move(odd.scores),
                      .backdoored = {},
                      .figures = {}};
  suspicion.figures["clusters"] = static_cast<double>(*std::ranges::max_element(clusters) + 1);
  suspicion.figures["noise_samples"] = static_cast<double>(std::ranges::count(clusters, kNoise));
  suspicion.figures["removed_samples"] = static_cast<double>(suspicion.flagged.size());
  return suspicion;
}

}  // namespace ncmlab

NCMLAB_PLUGIN(ncmlab::defense<ncmlab::Cube>())
