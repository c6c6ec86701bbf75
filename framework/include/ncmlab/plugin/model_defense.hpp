// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "ncmlab/inversion/candidate_scorer.hpp"
#include "ncmlab/plugin/defense.hpp"

namespace ncmlab {

/// A trigger that a defense found.
struct InvertedTrigger {
  std::int64_t victim_label = 0;
  std::int64_t target_label = 0;
  TriggerIds ids;      ///< after purification
  TriggerIds raw_ids;  ///< before it
  std::string text;    ///< that can be typed, of `ids`
  std::string edit;    ///< how it enters code, see TriggerEdit; empty where the method has no say
  std::int64_t epochs = 0;  ///< that it was searched for
  double loss = 0;          ///< mean loss towards the target label on the defense's samples
  double hit_rate = 0;      ///< share of those samples that the trigger turns
};

/// Any of: a repaired model, inverted triggers, a verdict.
struct DefenseOutcome {
  /// context.victim was changed and is to be measured. While it is false the weights of the copy
  /// must equal those that were given, bit for bit; while it is true they may (nothing was found
  /// to repair), which the run's log says. Repaired weights are finite.
  bool repaired = false;
  std::vector<InvertedTrigger> triggers;  ///< the one that the defense believes in first
  std::optional<bool> backdoored;         ///< the verdict
  /// Further figures for the record, by name; unit in the name where it has one.
  std::map<std::string, double> figures;
};

/// Repairs the victim, judges it, or both.
class ModelDefense : public Defense {
 public:
  ~ModelDefense() override;
  DefenseStage stage() const final { return DefenseStage::model; }
  virtual DefenseOutcome defend(DefenseContext& context) const = 0;
};

}  // namespace ncmlab
