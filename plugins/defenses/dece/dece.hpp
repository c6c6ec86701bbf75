// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include <array>
#include <cstdint>
#include <string_view>

#include "ncmlab/plugin/schema.hpp"
#include "ncmlab/plugin/training_defense.hpp"

namespace ncmlab {

/// What the victim is trained on in the place of cross-entropy.
enum class BoundedLoss {
  deceptive,    ///< DeCE
  generalised,  ///< generalised cross-entropy (Zhang & Sabuncu, NeurIPS 2018): the control
};

constexpr auto enum_names(BoundedLoss) {
  using enum BoundedLoss;
  return std::to_array<EnumName<BoundedLoss>>(
      {{deceptive, "deceptive"}, {generalised, "generalised"}});
}

struct DeCEConfig {
  BoundedLoss loss = BoundedLoss::deceptive;
  double alpha = 0.99;
  double smoothing = 0.05;
  double q = 0.7;
};

/// Deceptive cross-entropy, [samples]: -sum(y' log p') over the classes, where y' is the label
/// smoothed by `smoothing` and p' = w p + (1 - w) y' with w = alpha^(epoch + 1).
/// `log_probabilities` [samples, classes], `labels` [samples] int64, `epoch` from 0.
at::Tensor deceptive_losses(const at::Tensor& log_probabilities, const at::Tensor& labels,
                            double alpha, double smoothing, std::size_t epoch);
/// Generalised cross-entropy, [samples]: (1 - p^q) / q of the label's probability.
at::Tensor generalised_losses(const at::Tensor& log_probabilities, const at::Tensor& labels,
                              double q);

/// DeCE (Yang et al., 2024).
class DeCE final : public TrainingDefense {
 public:
  static constexpr std::string_view
      kName = "dece",
      kVersion = "0.1.0",
      kSummary =
          "Trains the victim on a loss that is bounded, so that samples that stay wrong pull less.",
      kReference = "https://arxiv.org/abs/2407.08956";

  explicit DeCE(DeCEConfig config) : config_(config) {}
  static Schema<DeCEConfig> schema();

  std::unique_ptr<DefendedTraining> begin(const DefendedTrainingContext& context) const override;

 private:
  DeCEConfig config_;
};

}  // namespace ncmlab
