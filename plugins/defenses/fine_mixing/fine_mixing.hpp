// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

#include "mixing.hpp"
#include "ncmlab/plugin/model_defense.hpp"
#include "ncmlab/plugin/repair_settings.hpp"
#include "ncmlab/plugin/schema.hpp"

namespace ncmlab {

struct FineMixingConfig : RepairSettings {
  fine_mixing::Mixing mixing = fine_mixing::Mixing::random;
  double kept = 0.5;
  std::int64_t purified_tokens = 200;
};

/// Mixes the victim's weights with those of the public model that it was trained from, then trains
/// on.
class FineMixing final : public ModelDefense {
 public:
  static constexpr std::string_view kName = "fine_mixing", kVersion = "0.1.0",
                                    kSummary =
                                        "Mixes the victim with the public model that it was "
                                        "trained from, then trains on the clean samples.",
                                    kReference = "https://arxiv.org/abs/2210.09545";

  explicit FineMixing(FineMixingConfig config) : config_(config) {}
  static Schema<FineMixingConfig> schema();

  DefenseNeeds needs() const override { return {.clean_samples = true, .starting_model = true}; }
  /// Throws Error `defense.no-clean-samples` and `defense.no-starting-model`.
  DefenseOutcome defend(DefenseContext& context) const override;

 private:
  FineMixingConfig config_;
};

}  // namespace ncmlab
