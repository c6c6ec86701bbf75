// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

#include "ncmlab/plugin/model_defense.hpp"
#include "ncmlab/plugin/repair_settings.hpp"
#include "ncmlab/plugin/schema.hpp"

namespace ncmlab {

struct CrowConfig : RepairSettings {
  double step = 0.1;
  double weight = 5.5;
};

/// Trains the victim further to be consistent from layer to layer, under adversarial embeddings.
class Crow final : public ModelDefense {
 public:
  static constexpr std::string_view kName = "crow", kVersion = "0.1.0",
                                    kSummary =
                                        "Trains the victim on clean samples and towards states "
                                        "that change little from layer to layer.",
                                    kReference = "https://arxiv.org/abs/2411.12768";

  explicit Crow(CrowConfig config) : config_(config) {}
  static Schema<CrowConfig> schema();

  DefenseNeeds needs() const override { return {.clean_samples = true}; }
  /// Throws Error `defense.no-clean-samples` when there are none.
  DefenseOutcome defend(DefenseContext& context) const override;

 private:
  CrowConfig config_;
};

}  // namespace ncmlab
