// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "ncmlab/core/enum_names.hpp"
#include "ncmlab/core/progress.hpp"
#include "ncmlab/core/rng.hpp"
#include "ncmlab/data/example.hpp"
#include "ncmlab/language/ngram_model.hpp"
#include "ncmlab/plugin/plugin.hpp"
#include "ncmlab/plugin/task.hpp"

namespace ncmlab {

class MaskedModel;

/// When a defense acts.
enum class DefenseStage {
  training,  ///< while the victim is trained
  data,      ///< on the training set, after a victim was trained on it
  model,     ///< on the victim
  input,     ///< on what the victim is asked
};

constexpr auto enum_names(DefenseStage) {
  using enum DefenseStage;
  return std::to_array<EnumName<DefenseStage>>(
      {{training, "training"}, {data, "data"}, {model, "model"}, {input, "input"}});
}

/// The threat model of a defense: what it must be given.
struct DefenseNeeds {
  bool clean_samples = false;  ///< a few samples that are known to be clean
  bool training_set = false;   ///< the possibly poisoned training set
  bool ngram_model = false;    ///< an n-gram model of clean code over the victim's tokens
  bool masked_model = false;   ///< a masked language model with the victim's tokenizer
  /// The checkpoint that the victim was trained from, taken to be clean. A victim that starts from
  /// random weights has none: its cell is skipped, and says so.
  bool starting_model = false;
  /// A model like the victim before its training, to train a reference of the defender's own from.
  bool untrained_model = false;
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
  CodeModel& victim;  ///< the defense's own copy; of a defense at stage model to repair in place
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
  /// Of the clean samples, see token_texts(); null unless asked for. It stays while the defense's
  /// filter does.
  const NgramModel* ngram_model = nullptr;
  /// Of `[language_model]`, see language/masked_model.hpp; null unless asked for. It stays as long.
  MaskedModel* masked_model = nullptr;
  /// The victim before its training, with its head; null unless asked for.
  std::shared_ptr<const CodeModel> starting_model = nullptr;
  /// Of the victim's architecture, tokenizer and checkpoint; where there is no checkpoint, and in
  /// its head, with random weights that are not those which the victim started from. Null unless
  /// asked for.
  std::shared_ptr<const CodeModel> untrained_model = nullptr;
  /// Trains a victim anew, as this one was, on the samples of the training set at these places.
  /// For defenses at stage data; null for the others.
  std::function<CodeModel(const std::vector<std::size_t>& kept)> train_victim = {};
};

/// Acts at one stage, see DefenseStage; a plugin derives from the class of its stage: ModelDefense,
/// DataDefense, TrainingDefense or InputDefense.
///
/// With no clean samples, or no training set, where it needs them, a defense either changes nothing
/// or throws Error `defense.*`; tests/contract demands this of every defense of the tree. Same
/// context, same result. It must call Progress::check() at least once a second.
class Defense : public Plugin {
 public:
  ~Defense() override;

  virtual DefenseStage stage() const = 0;
  virtual DefenseNeeds needs() const = 0;
  /// Whether it can defend a model of such a task; a cell where it cannot is skipped, and says so.
  virtual bool supports(TaskKind kind) const { return kind != TaskKind::retrieval; }
};

}  // namespace ncmlab
