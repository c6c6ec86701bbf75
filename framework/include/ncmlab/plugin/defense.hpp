// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "ncmlab/core/progress.hpp"
#include "ncmlab/core/rng.hpp"
#include "ncmlab/data/example.hpp"
#include "ncmlab/inversion/candidate_scorer.hpp"
#include "ncmlab/plugin/plugin.hpp"
#include "ncmlab/plugin/task.hpp"

namespace ncmlab {

/// The threat model of a defense: what it must be given.
struct DefenseNeeds {
  bool clean_samples = false;  ///< a few samples that are known to be clean
  bool training_set = false;   ///< the possibly poisoned training set
};

/// What the defenses of an experiment may spend and assume, the same for all of them
/// (`[defense_budget]`). Absent is what the experiment does not limit, what the defense's schema
/// does not name (budgeted()), and what its table sets a value of its own for.
struct DefenseBudget {
  std::optional<std::int64_t> steps;       ///< of the optimiser in one repair
  std::optional<std::int64_t> batch_size;  ///< samples per step
  std::vector<double> learning_rates;      ///< to choose from, ascending; empty: absent
  /// Share of each class of the training set that it may assume to be poisoned.
  std::optional<double> poison_share;
};

/// What a defense is given, the same for every defense of a matrix. Ground truth (victim label,
/// target label, trigger, poisoned samples, test set) is not here. Ids of samples only number them;
/// unless the experiment says `clean_from = "training"`, no clean sample was trained on, and no
/// poisoned sample was made from one.
struct DefenseContext {
  CodeModel& victim;  ///< the defense's own copy; a repair changes it in place
  TaskView task;
  std::vector<Example> clean_samples;  ///< with true labels; empty unless asked for
  std::vector<Example> training_set;  ///< with the labels it was trained on; empty unless asked for
  /// The same for every attack. What attacks draw depends on the clean training set, too, and
  /// cannot be derived from it.
  Rng rng;
  Progress& progress;
  DefenseBudget budget = {};
  /// Clean samples beside the others, to choose a learning rate by; empty unless asked for clean
  /// samples, and unless the experiment has a budget.
  std::vector<Example> tuning_samples = {};
};

/// A trigger that a defense found.
struct InvertedTrigger {
  std::int64_t victim_label = 0;
  std::int64_t target_label = 0;
  TriggerIds ids;       ///< after purification
  TriggerIds raw_ids;   ///< before it
  std::string text;     ///< `ids` decoded
  double loss = 0;      ///< mean loss towards the target label on the defense's samples
  double hit_rate = 0;  ///< share of those samples that the trigger turns
};

/// Any of: a repaired model, suspicious training samples, inverted triggers, a verdict.
///
/// A repair wins: with both `repaired` and `suspicious` the repaired copy is measured, nothing is
/// retrained, and the indices count for detection alone.
struct DefenseOutcome {
  /// context.victim was changed and is to be measured. While it is false the weights of the copy
  /// must equal those that were given, bit for bit; while it is true they may (nothing was found
  /// to repair), which the run's log says. Repaired weights are finite.
  bool repaired = false;
  /// Indices into the training set, which the defense must have asked for; the engine retrains
  /// without them. Set but empty: the defense looked and found nothing.
  std::optional<std::vector<std::size_t>> suspicious;
  std::vector<InvertedTrigger> triggers;  ///< the one that the defense believes in first
  std::optional<bool> backdoored;         ///< the verdict
  /// Further figures for the record, by name; unit in the name where it has one.
  std::map<std::string, double> figures;
};

/// With no clean samples, or no training set, where it needs them, a defense either changes nothing
/// or throws Error `defense.*`; tests/contract demands this of every defense of the tree.
class Defense : public Plugin {
 public:
  ~Defense() override;

  virtual DefenseNeeds needs() const = 0;
  /// Whether it can defend a model of such a task; a cell where it cannot is skipped, and says so.
  virtual bool supports(TaskKind kind) const { return kind != TaskKind::retrieval; }
  /// Same context, same outcome. Must call context.progress.check() at least once a second.
  virtual DefenseOutcome defend(DefenseContext& context) const = 0;
};

}  // namespace ncmlab
