// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "ncmlab/plugin/data_defense.hpp"
#include "ncmlab/plugin/schema.hpp"

namespace ncmlab {

/// Which slices of the matrix of eigenvectors are taken for eigenvectors.
enum class Slices {
  columns,  ///< which they are
  rows,     ///< which are none: a mistake of published code
};

constexpr auto enum_names(Slices) {
  return std::to_array<EnumName<Slices>>({{Slices::columns, "columns"}, {Slices::rows, "rows"}});
}

struct SpectralSignaturesConfig {
  double epsilon = 0.05;
  std::int64_t vectors = 1;
  bool per_class = true;
  Slices eigenvectors = Slices::columns;
};

/// Outlier scores of Spectral Signatures: vectors [samples, width] are centred and projected on
/// the top right-singular vectors, config.vectors or as many as there are; the squared lengths are
/// returned, [samples] float64. At least one sample.
at::Tensor spectral_scores(const at::Tensor& vectors, const SpectralSignaturesConfig& config);

/// Scores of each class's samples among themselves, or of all together.
struct SpectralOutliers {
  std::vector<double> scores;
  /// Ascending: the 1.5 * epsilon * size samples (rounded) with the highest scores of each group.
  /// Of equal scores the first go.
  std::vector<std::size_t> flagged;
};
/// `labels` has one entry per row of `vectors`.
SpectralOutliers spectral_outliers(const at::Tensor& vectors,
                                   const std::vector<std::int64_t>& labels,
                                   const SpectralSignaturesConfig& config);

/// Spectral Signatures (Tran, Li & Madry, NeurIPS 2018) on the victim's sentence vectors.
class SpectralSignatures final : public DataDefense {
 public:
  static constexpr std::string_view
      kName = "spectral_signatures",
      kVersion = "0.2.0",
      kSummary =
          "Removes training samples whose representations stick out along their class's "
          "main direction.",
      kReference = "https://arxiv.org/abs/1811.00636";

  explicit SpectralSignatures(SpectralSignaturesConfig config) : config_(config) {}
  static Schema<SpectralSignaturesConfig> schema();

  bool supports(TaskKind /*kind*/) const override { return true; }
  Suspicion inspect(DefenseContext& context) const override;

 private:
  SpectralSignaturesConfig config_;
};

}  // namespace ncmlab
