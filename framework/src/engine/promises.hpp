// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "engine/defend_stage.hpp"
#include "ncmlab/model/code_model.hpp"
#include "ncmlab/plugin/attack.hpp"
#include "ncmlab/plugin/training_defense.hpp"

namespace ncmlab {

// What the interfaces promise of the results of plugins, and what a table would hide if it were
// not so. Every check throws an Error that names the plugin and its library.

/// What a poisoned training set is compared with.
struct PoisoningRules {
  TaskKind kind = TaskKind::classification;
  std::size_t labels = 2;             ///< of the task; 0 in retrieval
  std::vector<bool> poisonable = {};  ///< AttackContext::poisonable
};

/// PoisonedSet and Backdoor::poison(). Throws Error `engine.bad-poisoning`.
void check_poisoning(const Attack& attack, const PoisonedSet& set,
                     const std::vector<Example>& clean, const PoisoningRules& rules);

/// Backdoor::trigger() of `clean`. Throws Error `engine.bad-trigger`.
void check_trigger(const Attack& attack, const Example& clean, const Example& triggered,
                   TaskKind kind);

/// What an attack came to on one corpus.
struct AttackEffect {
  std::size_t train = 0;            ///< training samples
  std::size_t poisoned = 0;         ///< of them
  std::size_t meant = 0;            ///< test samples that the trigger is for
  std::size_t triggered = 0;        ///< of them, those that carry it
  bool may_poison_nothing = false;  ///< the experiment asks for a rate of 0
};
/// That a cell of the attack measures something: some sample is poisoned, some test sample carries
/// the trigger. Where nothing is measured, an attack that leaves everything unedited may be
/// exported. Throws Error `engine.nothing-poisoned` and `engine.no-trigger`.
void check_effect(const Attack& attack, const AttackEffect& effect);

/// That all parameters are finite. `when` follows "weights that are not finite": "after training".
/// Throws Error `engine.bad-weights`.
void check_weights(const Plugin& plugin, const CodeModel& victim, std::string_view when);

/// That indices, ids, labels and scores are in range, and that the weights of `copy`, the defense's
/// own, equal those of `given` unless it says that it repaired them. Sorts the flagged samples.
/// Returns what the log is to say. Throws Error `engine.bad-outcome` and `engine.bad-weights`.
std::vector<std::string> check_outcome(const Defense& defense, JudgedOutcome& outcome,
                                       const CodeModel& copy, const CodeModel& given,
                                       std::size_t train_size);

/// That a filter gave each of `count` samples a finite score. Throws Error `engine.bad-outcome`.
void check_scores(const Defense& defense, const std::vector<double>& scores, std::size_t count);
/// That the phase of a training trains on something that is in the training set. Throws Error
/// `engine.bad-outcome`.
void check_phase(const Defense& defense, const TrainingPhase& phase, std::size_t train_size);

}  // namespace ncmlab
