// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "ncmlab/plugin/defense.hpp"
#include "ncmlab/plugin/schema.hpp"

namespace ncmlab {

/// Outlier scores of Spectral Signatures: vectors [samples, width] are centred and projected on
/// the top right-singular vector; the squares are returned, [samples] float64. At least one sample.
at::Tensor spectral_scores(const at::Tensor& vectors);

/// Indices, ascending, of the 1.5 * epsilon * size samples (rounded) with the highest scores of
/// each class. Of equal scores the first go. `labels` has one entry per row of `vectors`.
std::vector<std::size_t> spectral_outliers(const at::Tensor& vectors,
                                           const std::vector<std::int64_t>& labels, double epsilon);

struct SpectralSignaturesConfig {
  double epsilon = 0.05;
};

/// Spectral Signatures (Tran, Li & Madry, NeurIPS 2018) on the victim's sentence vectors.
class SpectralSignatures final : public Defense {
 public:
  static constexpr std::string_view
      kName = "spectral_signatures",
      kVersion = "0.1.0",
      kSummary =
          "Removes training samples whose representations stick out along their class's "
          "main direction.",
      kReference = "https://arxiv.org/abs/1811.00636";

  explicit SpectralSignatures(SpectralSignaturesConfig config) : config_(config) {}
  static Schema<SpectralSignaturesConfig> schema();

  DefenseNeeds needs() const override { return {.training_set = true}; }
  bool supports(TaskKind /*kind*/) const override { return true; }
  DefenseOutcome defend(DefenseContext& context) const override;

 private:
  SpectralSignaturesConfig config_;
};

}  // namespace ncmlab
