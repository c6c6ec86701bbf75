// SPDX-License-Identifier: Apache-2.0
#include "activation_clustering.hpp"

#include <torch/types.h>

#include <algorithm>
#include <map>

#include "ncmlab/analysis/k_means.hpp"
#include "ncmlab/analysis/principal_components.hpp"
#include "ncmlab/plugin/registration.hpp"

namespace ncmlab {
namespace {

at::Tensor centre(const at::Tensor& points, const std::vector<bool>& is_small, bool small) {
  std::vector<std::int64_t> members;
  for (std::size_t i = 0; i < is_small.size(); ++i) {
    if (is_small[i] == small) {
      members.push_back(static_cast<std::int64_t>(i));
    }
  }
  return points.index_select(0, torch::tensor(members, torch::kLong)).mean(0);
}

}  // namespace

ClassClusters cluster_class(const at::Tensor& vectors, const ActivationClusteringConfig& config,
                            const Rng& rng) {
  const at::Tensor points = principal_components(vectors, config.components);
  const std::vector<std::int64_t> clusters = k_means(points, 2, rng);
  const auto second = static_cast<std::size_t>(std::ranges::count(clusters, 1));
  const std::size_t small_size = std::min(second, clusters.size() - second);
  const std::int64_t small = second <= clusters.size() - second ? 1 : 0;
  ClassClusters result{.scores = std::vector<double>(clusters.size()), .is_small = {}};
  for (const std::int64_t cluster : clusters) {
    result.is_small.push_back(cluster == small);
  }
  if (small_size == 0) {
    return result;
  }
  const at::Tensor from_small = (points - centre(points, result.is_small, true)).norm(2, 1);
  const at::Tensor from_large = (points - centre(points, result.is_small, false)).norm(2, 1);
  const at::Tensor scores = (from_large - from_small).contiguous();
  const auto* first = scores.data_ptr<double>();
  result.scores.assign(first, first + scores.numel());
  switch (config.check) {
    case ClusterCheck::none:
      result.is_poisoned = true;
      break;
    case ClusterCheck::size:
      result.is_poisoned = static_cast<double>(small_size) <
                           config.largest_share * static_cast<double>(clusters.size());
      break;
    case ClusterCheck::silhouette:
      result.is_poisoned = silhouette(points, clusters) > config.least_silhouette;
      break;
  }
  return result;
}

Schema<ActivationClusteringConfig> ActivationClustering::schema() {
  using C = ActivationClusteringConfig;
  return Schema<C>{}
      .field("components", &C::components, "Principal components that are clustered.", at_least(1))
      .field("check", &C::check,
             "When the smaller cluster of a class is poison: always, if it is small, or if the "
             "clusters lie apart.")
      .field("largest_share", &C::largest_share,
             "Share of its class that a cluster of poison stays below.", range(0.0, 0.5),
             only_where("check", "size"))
      .field("least_silhouette", &C::least_silhouette,
             "Mean silhouette above which the smaller cluster is poison.", range(-1.0, 1.0),
             only_where("check", "silhouette"));
}

Suspicion ActivationClustering::inspect(DefenseContext& context) const {
  Suspicion suspicion;
  suspicion.backdoored = false;
  if (context.training_set.empty()) {
    return suspicion;
  }
  std::map<std::int64_t, std::vector<std::int64_t>> classes;
  for (std::size_t i = 0; i < context.training_set.size(); ++i) {
    classes[context.training_set[i].label].push_back(static_cast<std::int64_t>(i));
  }
  const at::Tensor vectors = context.victim.sentence_vectors(
      context.task.tokenize(context.victim, context.training_set), context.progress);
  suspicion.scores.resize(context.training_set.size());
  for (const auto& [label, members] : classes) {
    context.progress.check();
    const ClassClusters found =
        cluster_class(vectors.index_select(0, torch::tensor(members, torch::kLong)), config_,
                      context.rng.stream("class", static_cast<std::uint64_t>(label)));
    suspicion.backdoored = *suspicion.backdoored || found.is_poisoned;
    for (std::size_t i = 0; i < members.size(); ++i) {
      const auto place = static_cast<std::size_t>(members[i]);
      suspicion.scores[place] = found.scores[i];
      if (found.is_poisoned && found.is_small[i]) {
        suspicion.flagged.push_back(place);
      }
    }
  }
  std::ranges::sort(suspicion.flagged);
  suspicion.figures["removed_samples"] = static_cast<double>(suspicion.flagged.size());
  return suspicion;
}

}  // namespace ncmlab

NCMLAB_PLUGIN(ncmlab::defense<ncmlab::ActivationClustering>())
