// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "ncmlab/plugin/model_defense.hpp"
#include "ncmlab/plugin/schema.hpp"

namespace ncmlab {

struct NoDefenseConfig {};

/// The control: the victim is measured as it is.
class NoDefense final : public ModelDefense {
 public:
  static constexpr std::string_view kName = "none", kVersion = "0.1.0",
                                    kSummary = "Leaves the victim as it is: the control.",
                                    kReference = "none: a control";

  explicit NoDefense(NoDefenseConfig) {}
  static Schema<NoDefenseConfig> schema() { return {}; }

  DefenseNeeds needs() const override { return {}; }
  bool supports(TaskKind /*kind*/) const override { return true; }
  DefenseOutcome defend(DefenseContext& context) const override;
};

}  // namespace ncmlab
