// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "ncmlab/core/rng.hpp"
#include "ncmlab/plugin/data_defense.hpp"
#include "ncmlab/plugin/schema.hpp"

namespace ncmlab {

/// What decides whether the smaller of two clusters is poison.
enum class ClusterCheck { none, size, silhouette };

constexpr auto enum_names(ClusterCheck) {
  using enum ClusterCheck;
  return std::to_array<EnumName<ClusterCheck>>(
      {{none, "none"}, {size, "size"}, {silhouette, "silhouette"}});
}

struct ActivationClusteringConfig {
  std::int64_t components = 10;
  ClusterCheck check = ClusterCheck::size;
  double largest_share = 0.35;
  double least_silhouette = 0.1;
};

/// What is made of one class.
struct ClassClusters {
  /// Of each sample: how much nearer the centre of the smaller cluster is than that of the larger.
  std::vector<double> scores;
  std::vector<bool> is_small;  ///< whether it is in the smaller cluster, of equals the second
  bool is_poisoned = false;    ///< by the check
};
/// `vectors` [samples, width] of one class, at least one.
ClassClusters cluster_class(const at::Tensor& vectors, const ActivationClusteringConfig& config,
                            const Rng& rng);

/// Activation Clustering (Chen et al., SafeAI 2019) on the victim's sentence vectors.
class ActivationClustering final : public DataDefense {
 public:
  static constexpr std::string_view
      kName = "activation_clustering",
      kVersion = "0.1.0",
      kSummary = "Parts each class in two clusters and removes the smaller if it is odd.",
      kReference = "https://arxiv.org/abs/1811.03728";

  explicit ActivationClustering(ActivationClusteringConfig config) : config_(config) {}
  static Schema<ActivationClusteringConfig> schema();

  bool supports(TaskKind /*kind*/) const override { return true; }
  Suspicion inspect(DefenseContext& context) const override;

 private:
  ActivationClusteringConfig config_;
};

}  // namespace ncmlab
