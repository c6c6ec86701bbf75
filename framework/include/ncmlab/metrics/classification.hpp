// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace ncmlab {

/// Rates in [0, 1].
struct ClassificationMetrics {
  double accuracy = 0;
  double precision = 0;  ///< of the positive label; 0 when nothing was predicted positive
  double recall = 0;
  double f1 = 0;
  std::int64_t count = 0;
};

/// Preconditions: equal sizes. An empty set gives zeros with count 0.
ClassificationMetrics classification_metrics(const std::vector<std::int64_t>& predicted,
                                             const std::vector<std::int64_t>& labels,
                                             std::int64_t positive_label);

/// What happened to one test sample of an attack's victim class.
struct TriggeredOutcome {
  std::int64_t victim_label = 1;
  std::int64_t target_label = 0;
  std::int64_t clean_prediction = 0;      ///< without the trigger
  std::int64_t triggered_prediction = 0;  ///< with it
  /// Of the undefended victim, without the trigger; of its own cell the same as clean_prediction.
  std::int64_t undefended_prediction = 0;
  /// Of a victim that was never poisoned, with the trigger and without it.
  std::optional<std::int64_t> control_prediction = {}, control_clean_prediction = {};
};

/// The attack's success on victim-class samples that could carry the trigger.
struct AttackMetrics {
  double attack_success_rate = 0;  ///< triggered samples predicted as the target
  double natural_rate = 0;         ///< the same samples without the trigger, predicted as target
  /// Of the samples classified correctly when clean, those that hit the target when triggered.
  double flip_rate = 0;
  /// The same of the samples that the undefended victim classifies correctly when clean: one set
  /// for all defenses, so that their rates can be compared.
  double fixed_flip_rate = 0;
  /// Triggered samples that a victim that was never poisoned predicts as the target: what the edits
  /// do without a backdoor.
  std::optional<double> transfer_rate;
  /// The same samples without the trigger, predicted as the target by that victim.
  std::optional<double> transfer_natural_rate;
  std::int64_t count = 0;             ///< samples behind ASR, natural rate and transfer
  std::int64_t flip_count = 0;        ///< samples behind the flip rate
  std::int64_t fixed_flip_count = 0;  ///< samples behind the flip rate on the fixed set
};

AttackMetrics attack_metrics(const std::vector<TriggeredOutcome>& outcomes);

/// Recovered trigger tokens against the true ones, as multisets of token ids.
struct RecoveryMetrics {
  double precision = 0;
  double recall = 0;
};
RecoveryMetrics recovery_metrics(const std::vector<std::int64_t>& recovered,
                                 const std::vector<std::int64_t>& truth);

}  // namespace ncmlab
