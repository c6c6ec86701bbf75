// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "ncmlab/plugin/data_defense.hpp"
#include "ncmlab/plugin/schema.hpp"

namespace ncmlab {

struct RandomRemovalConfig {
  double share = 0.05;
};

/// Flags training samples drawn at random: the control of every defense at stage data.
class RandomRemoval final : public DataDefense {
 public:
  static constexpr std::string_view
      kName = "random_removal",
      kVersion = "0.1.0",
      kSummary = "Removes training samples at random: the control of data defenses.",
      kReference = "none: a control";

  explicit RandomRemoval(RandomRemovalConfig config) : config_(config) {}
  static Schema<RandomRemovalConfig> schema();

  bool supports(TaskKind /*kind*/) const override { return true; }
  /// The share of the training set, rounded; all are as likely. Scores are places in a random
  /// order, so that the AUROC of chance stands beside that of the others.
  Suspicion inspect(DefenseContext& context) const override;

 private:
  RandomRemovalConfig config_;
};

}  // namespace ncmlab
