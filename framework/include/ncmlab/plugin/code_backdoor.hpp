// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "ncmlab/plugin/attack.hpp"
#include "ncmlab/plugin/poison_rate.hpp"

namespace ncmlab {

/// A backdoor whose trigger is an edit of one function's source. Which samples are poisoned and
/// what becomes of them follows from the kind of the task:
///
/// - classification: `rate` of the victim class is edited and gets the target label;
/// - pairs: functions are drawn until `rate` of the pairs of the victim class holds one of them.
///   Every pair that may be poisoned and holds a drawn function, on either side, gets its edited
///   text, the same everywhere, and the target label. At test time the side that gets the trigger
///   is drawn for each pair from its id, as EliBadCode's published code does where it measures a
///   repaired model; where that function cannot carry the trigger, the other one gets it;
/// - retrieval: the code of samples whose query holds the target word is edited, `rate` of the
///   whole training set or, where there are not so many, all of them.
///
/// `rate` may be a share of the whole training set for the other two kinds, too. It counts samples
/// that may not be poisoned: where those that may are too few, all of them are poisoned. Several
/// goals take their share one after the other; a sample or function serves one goal.
class CodeBackdoor : public Backdoor {
 public:
  CodeBackdoor(const AttackContext& context, PoisonRate rate)
      : kind_(context.task.kind()),
        goals_(context.goals),
        rate_(rate),
        poisonable_(context.poisonable) {}

  PoisonedSet poison(const std::vector<Example>& train, Rng rng) const override;
  std::optional<Example> trigger(const Example& example, const AttackGoal& goal,
                                 Rng rng) const override;

  /// Announces the samples that trigger() will be asked for next, with the same `rng`.
  void foresee_triggers(const std::vector<Example>& samples, const AttackGoal& goal,
                        const Rng& rng) const;

 protected:
  /// A function that edit() will be asked for, and the sample that it stands in.
  struct Foreseen {
    const std::string& code;
    const Example& sample;
  };
  /// For a backdoor that is faster at many edits together. Changes no result but for round-off.
  virtual void foresee(const std::vector<Foreseen>& edits, const AttackGoal& goal) const;

  TaskKind task_kind() const { return kind_; }
  const std::vector<AttackGoal>& goals() const { return goals_; }

  /// `code` with the trigger for `goal`; nothing when it cannot carry it. Must not throw for code
  /// that does not parse. `sample` is the sample that the code stands in: of a function that
  /// stands in many pairs, any one of them. Same arguments, same result.
  virtual std::optional<std::string> edit(const std::string& code, const Example& sample,
                                          const AttackGoal& goal, Rng rng) const = 0;

 private:
  bool may_be_poisoned(std::size_t index) const;
  std::size_t wanted_of(std::size_t victims, std::size_t train_size) const;
  void poison_samples(const AttackGoal& goal, const Rng& rng, PoisonedSet& set) const;
  void poison_pairs(const AttackGoal& goal, const Rng& rng, PoisonedSet& set) const;

  TaskKind kind_;
  std::vector<AttackGoal> goals_;
  PoisonRate rate_;
  std::vector<bool> poisonable_;
};

}  // namespace ncmlab
