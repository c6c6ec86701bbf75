// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "ncmlab/plugin/schema.hpp"
#include "ncmlab/plugin/training_defense.hpp"

namespace ncmlab {

struct AblConfig {
  std::int64_t isolation_epochs = 20;
  double gamma = 0.5;
  double isolated = 0.01;
  std::int64_t epochs = 0;
  std::int64_t ascent_epochs = 20;
  double ascent_learning_rate = 5e-4;
};

/// The places, ascending, of the share of `losses` (rounded, at least one) that is lowest. Of equal
/// losses the first.
std::vector<std::size_t> lowest(const std::vector<double>& losses, double share);

/// Anti-backdoor learning (Li et al., NeurIPS 2021).
class Abl final : public TrainingDefense {
 public:
  static constexpr std::string_view
      kName = "abl",
      kVersion = "0.1.0",
      kSummary = "Isolates the samples that are learnt first, and unlearns them.",
      kReference = "https://arxiv.org/abs/2110.11571";

  explicit Abl(AblConfig config) : config_(config) {}
  static Schema<AblConfig> schema();

  std::unique_ptr<DefendedTraining> begin(const DefendedTrainingContext& context) const override;

 private:
  AblConfig config_;
};

}  // namespace ncmlab
