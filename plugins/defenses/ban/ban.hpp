// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

#include "ncmlab/plugin/model_defense.hpp"
#include "ncmlab/plugin/repair_settings.hpp"
#include "ncmlab/plugin/schema.hpp"

namespace ncmlab {

struct BanConfig : RepairSettings {
  double noise = 0.3;
  std::int64_t steps = 1;
  double robust_weight = 0.2;
  std::int64_t mask_steps = 400;
  double mask_learning_rate = 0.01;
  double mask_weight = 0.75;
  std::int64_t detection_steps = 30;
  std::int64_t detection_samples = 128;
  double verdict_share = 0.5;
};

/// Judges the victim by where noise on its neurons sends clean samples, and trains it to withstand
/// such noise.
class Ban final : public ModelDefense {
 public:
  static constexpr std::string_view kName = "ban", kVersion = "0.1.0",
                                    kSummary =
                                        "Trains the victim to withstand adversarial noise on its "
                                        "neurons, and judges it by what the noise brings out.",
                                    kReference = "https://arxiv.org/abs/2405.19928";

  explicit Ban(BanConfig config) : config_(config) {}
  static Schema<BanConfig> schema();

  DefenseNeeds needs() const override { return {.clean_samples = true}; }
  /// Throws Error `defense.no-clean-samples` when there are none.
  DefenseOutcome defend(DefenseContext& context) const override;

 private:
  void judge(DefenseContext& context, const std::vector<TokenSample>& samples,
             DefenseOutcome& outcome) const;

  BanConfig config_;
};

}  // namespace ncmlab
