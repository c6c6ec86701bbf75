// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ncmlab/core/rng.hpp"
#include "ncmlab/data/example.hpp"
#include "ncmlab/plugin/plugin.hpp"

namespace ncmlab {

/// What the attacker wants: samples of `victim_label` that carry the trigger are to be predicted
/// as `target_label`.
struct AttackGoal {
  std::int64_t victim_label = 1;
  std::int64_t target_label = 0;
};

/// A training set after the attack, with the ground truth that no defense is shown.
struct PoisonedSet {
  std::vector<Example> train;
  std::vector<std::size_t> poisoned;  ///< indices into `train`, ascending
};

/// Edits source code so that a model trained on it carries a backdoor. Edited code still parses.
class Attack : public Plugin {
 public:
  ~Attack() override;

  /// False for the control that leaves everything as it is.
  virtual bool has_trigger() const { return true; }
  /// The poisoned training set. Samples keep their places and ids. Same rng, same result.
  virtual PoisonedSet poison(const std::vector<Example>& train, const AttackGoal& goal,
                             Rng rng) const = 0;
  /// A test sample with the trigger and its true label; nothing when it cannot carry the trigger.
  virtual std::optional<Example> trigger(const Example& example, Rng rng) const = 0;
  /// The words that the attack puts into code, for measuring what an inversion recovered; empty
  /// when every sample gets its own.
  virtual std::vector<std::string> trigger_words() const = 0;
};

}  // namespace ncmlab
