// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "ncmlab/plugin/data_defense.hpp"
#include "ncmlab/plugin/schema.hpp"

namespace ncmlab {

struct CubeConfig {
  std::int64_t components = 20;
  std::int64_t min_cluster_size = 100;
  std::int64_t min_samples = 100;
  bool noise_is_cluster = true;
};

/// The samples of clusters that are small within their label.
struct OddClusters {
  /// Of each sample the share of its label that is in other clusters; 0 of noise that is kept.
  std::vector<double> scores;
  /// Ascending: all but the largest cluster of each label, of equals the first, that hold less than
  /// half of the label.
  std::vector<std::size_t> flagged;
};
/// `clusters` and `labels` have one entry for each sample; noise is kNoise.
OddClusters odd_clusters(const std::vector<std::int64_t>& clusters,
                         const std::vector<std::int64_t>& labels, bool noise_is_cluster);

/// CUBE (Cui et al., NeurIPS 2022) on the victim's sentence vectors.
class Cube final : public DataDefense {
 public:
  static constexpr std::string_view
      kName = "cube",
      kVersion = "0.1.0",
      kSummary = "Clusters representations by density and keeps the largest cluster of each label.",
      kReference = "https://arxiv.org/abs/2206.08514";

  explicit Cube(CubeConfig config) : config_(config) {}
  static Schema<CubeConfig> schema();

  bool supports(TaskKind /*kind*/) const override { return true; }
  Suspicion inspect(DefenseContext& context) const override;

 private:
  CubeConfig config_;
};

}  // namespace ncmlab
