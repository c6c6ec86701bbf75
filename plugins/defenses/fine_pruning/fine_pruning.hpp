// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "ncmlab/core/enum_names.hpp"
#include "ncmlab/plugin/model_defense.hpp"
#include "ncmlab/plugin/repair_settings.hpp"
#include "ncmlab/plugin/schema.hpp"

namespace ncmlab {

namespace fine_pruning {

/// When pruning ends.
enum class PruningEnd {
  accuracy,  ///< before it costs more accuracy than allowed
  share,     ///< at a share of the units
};

constexpr auto enum_names(PruningEnd) {
  using enum PruningEnd;
  return std::to_array<EnumName<PruningEnd>>({{accuracy, "accuracy"}, {share, "share"}});
}

/// The feed-forward networks that are pruned.
enum class PrunedNetworks { all, last };

constexpr auto enum_names(PrunedNetworks) {
  using enum PrunedNetworks;
  return std::to_array<EnumName<PrunedNetworks>>({{all, "all"}, {last, "last"}});
}

}  // namespace fine_pruning

struct FinePruningConfig : RepairSettings {
  fine_pruning::PruningEnd end = fine_pruning::PruningEnd::accuracy;
  double accuracy_drop = 0.04;
  double step = 0.01;
  double share = 0.5;
  fine_pruning::PrunedNetworks networks = fine_pruning::PrunedNetworks::all;
};

/// Prunes the units that clean samples activate least, then trains on.
class FinePruning final : public ModelDefense {
 public:
  static constexpr std::string_view kName = "fine_pruning", kVersion = "0.1.0",
                                    kSummary =
                                        "Prunes the feed-forward units that clean samples activate "
                                        "least, then trains on the clean samples.",
                                    kReference = "https://arxiv.org/abs/1805.12185";

  explicit FinePruning(FinePruningConfig config) : config_(config) {}
  static Schema<FinePruningConfig> schema();

  DefenseNeeds needs() const override { return {.clean_samples = true}; }
  /// Throws Error `defense.no-clean-samples` when there are none.
  DefenseOutcome defend(DefenseContext& context) const override;

 private:
  FinePruningConfig config_;
};

}  // namespace ncmlab
