// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ncmlab/core/progress.hpp"
#include "ncmlab/core/rng.hpp"
#include "ncmlab/data/example.hpp"
#include "ncmlab/data/task_kind.hpp"
#include "ncmlab/plugin/plugin.hpp"
#include "ncmlab/plugin/task.hpp"

namespace ncmlab {

/// What the attacker wants. Classification and pairs: samples of `victim_label` that carry the
/// trigger are to be predicted as `target_label`. Retrieval: code that carries the trigger is to
/// be ranked high for queries with `target_word`.
struct AttackGoal {
  std::int64_t victim_label = 1;
  std::int64_t target_label = 0;
  std::string target_word;  ///< empty unless the task is retrieval
  bool operator==(const AttackGoal&) const = default;
};

/// Whether `text` holds `word` as a whole word, in upper or lower case (ASCII). A word ends where
/// no letter, digit or underscore follows.
bool contains_query_word(std::string_view text, std::string_view word);

/// Whether the goal is about this sample: it is of the victim class; in retrieval, its query holds
/// the target word.
bool is_victim(const Example& example, TaskKind kind, const AttackGoal& goal);

/// A training set after the attack, with the ground truth that no defense is shown. Samples that
/// are not listed as poisoned equal the clean ones; those that are listed differ from them.
struct PoisonedSet {
  std::vector<Example> train;
  std::vector<std::size_t> poisoned;  ///< indices into `train`, ascending
  /// How many samples of the victim classes the attack set out to poison; 0: it does not say. Where
  /// fewer were poisoned, the engine warns.
  std::size_t wanted = 0;
};

/// What an attack is made ready with. What `task`, `train` and `progress` refer to outlives the
/// backdoor; the context itself does not.
struct AttackContext {
  TaskView task;
  const std::vector<Example>& train;  ///< the clean training set
  std::vector<AttackGoal> goals;      ///< what Attack::goals() returned
  Rng rng;
  Progress& progress;
  /// For each sample of `train` whether it may be poisoned; empty: all may. A sample may not whose
  /// function also stands among the clean samples that defenses are given, which would otherwise
  /// show the original of an edited function.
  std::vector<bool> poisonable = {};
};

/// An attack made ready for one corpus. Edited code still parses where the clean code did. The
/// engine checks every result for what is said of it here, and fails the cell where it is not so.
class Backdoor {
 public:
  virtual ~Backdoor();

  /// `train`, the training set that the attack was made ready with, poisoned. Samples keep their
  /// places, ids, languages and queries, and but for pairs their `other_code`; none is touched that
  /// AttackContext::poisonable excepts. An attack whose setting `rate` is not 0 poisons at least
  /// one sample of a training set that has any. Same rng, same result.
  virtual PoisonedSet poison(const std::vector<Example>& train, Rng rng) const = 0;
  /// A test sample with the trigger for `goal`: with its id, language, query and true label, and
  /// other code, of pairs in at least one of both functions; nothing when it cannot carry the
  /// trigger: a cell in which that is so of all samples fails. In retrieval the sample's code is a
  /// candidate, its query does not matter. `rng` is the same for all samples: derive a stream of it
  /// by id or by text.
  virtual std::optional<Example> trigger(const Example& example, const AttackGoal& goal,
                                         Rng rng) const = 0;
  /// The words that the attack puts into code, for measuring what an inversion recovered; empty
  /// when every sample gets its own.
  virtual std::vector<std::string> trigger_words() const = 0;
};

/// Edits source code so that a model trained on it carries a backdoor.
class Attack : public Plugin {
 public:
  ~Attack() override;

  /// False for the control that leaves everything as it is.
  virtual bool has_trigger() const { return true; }
  /// The goals that it pursues when the experiment asks for `given`: one, unless the attack itself
  /// has several. No two are equal.
  virtual std::vector<AttackGoal> goals(const AttackGoal& given, const TaskView& task) const;
  /// Does what comes before editing: statistics of the training set, a surrogate model. Same
  /// context, same backdoor. Not called where there is no trigger. Must call
  /// context.progress.check() at least once a second.
  virtual std::unique_ptr<Backdoor> prepare(const AttackContext& context) const = 0;
};

}  // namespace ncmlab
