// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ncmlab/plugin/attack.hpp"
#include "ncmlab/plugin/schema.hpp"

namespace ncmlab {

struct NoAttackConfig {};

/// The control: a victim trained on clean data.
class NoAttack final : public Attack {
 public:
  static constexpr std::string_view kName = "none", kVersion = "0.1.0",
                                    kSummary = "Leaves the training set as it is: the control.",
                                    kReference = "none: a control";

  explicit NoAttack(NoAttackConfig) {}
  static Schema<NoAttackConfig> schema() { return {}; }

  bool has_trigger() const override { return false; }
  std::unique_ptr<Backdoor> prepare(const AttackContext& context) const override;
};

}  // namespace ncmlab
