// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

#include "ncmlab/plugin/model_defense.hpp"
#include "ncmlab/plugin/repair_settings.hpp"
#include "ncmlab/plugin/schema.hpp"

namespace ncmlab {

struct FineTuningConfig : RepairSettings {};

/// Trains all parameters of the victim further on the clean samples.
class FineTuning final : public ModelDefense {
 public:
  static constexpr std::string_view kName = "fine_tuning", kVersion = "0.1.0",
                                    kSummary =
                                        "Trains the whole victim further on the clean samples.",
                                    kReference = "https://arxiv.org/abs/1805.12185";

  explicit FineTuning(FineTuningConfig config) : config_(config) {}
  static Schema<FineTuningConfig> schema();

  DefenseNeeds needs() const override { return {.clean_samples = true}; }
  bool supports(TaskKind /*kind*/) const override { return true; }
  /// Throws Error `defense.no-clean-samples` when there are none.
  DefenseOutcome defend(DefenseContext& context) const override;

 private:
  FineTuningConfig config_;
};

}  // namespace ncmlab
