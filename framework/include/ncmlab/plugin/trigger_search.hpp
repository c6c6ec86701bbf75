// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "ncmlab/core/progress.hpp"
#include "ncmlab/core/rng.hpp"
#include "ncmlab/inversion/candidate_scorer.hpp"
#include "ncmlab/model/code_model.hpp"
#include "ncmlab/plugin/task.hpp"
#include "ncmlab/plugin/trigger_edit.hpp"
#include "ncmlab/plugin/trigger_position.hpp"

namespace ncmlab {

/// A trigger and its mean loss on the inversion samples.
struct ScoredTrigger {
  TriggerIds ids;
  double loss = 0;
};

/// Mean losses of triggers on the samples of an inversion, each computed once.
class TriggerLoss {
 public:
  explicit TriggerLoss(CandidateScorer scorer) : scorer_(std::move(scorer)) {}

  double operator()(const TriggerIds& trigger);
  CandidateScorer& scorer() { return scorer_; }

 private:
  CandidateScorer scorer_;
  std::map<TriggerIds, double> known_;
};

/// Samples to judge triggers by: their texts are written into the code, which is tokenised again as
/// anyone's code would be. What was judged before is remembered. Refers to the models and to
/// `progress`.
class JudgedSamples {
 public:
  /// `reference`: null, or as in CandidateScorer.
  JudgedSamples(CodeModel& victim, TaskView task, std::vector<PlacedExample> samples,
                NameEdit change, std::int64_t target_label, CodeModel* reference,
                Progress& progress);

  /// Less the mean log-probability of the target label, and of each sample's own to the reference.
  double loss(const TriggerIds& trigger) const;
  /// Share of the samples whose most likely label with the trigger is the target label.
  double hit_rate(const TriggerIds& trigger) const;
  /// Of the samples that are not predicted as the target without the trigger, the share that is
  /// with it; 0 when there are none.
  double flip_rate(const TriggerIds& trigger) const;
  /// The same of the quarter of them (rounded up) that the model is most certain of: those with the
  /// lowest probability of the target label.
  double certain_flip_rate(const TriggerIds& trigger) const;
  /// flip_rate() of the reference; 0 without one.
  double transfer_rate(const TriggerIds& trigger) const;
  /// How much the trigger raises the probability of the target label, on average.
  double mean_rise(const TriggerIds& trigger) const;

 private:
  /// Log-probabilities, [samples, classes], double on the CPU; the reference's are undefined
  /// without one.
  struct Answers {
    at::Tensor victim, reference;
  };
  Answers answers(const std::vector<TokenSample>& samples) const;
  const Answers& answers(const TriggerIds& trigger) const;
  /// Of the samples that `chosen` [samples] says, the share whose answer is the target.
  double turned_share(const at::Tensor& answers, const at::Tensor& chosen) const;

  CodeModel& victim_;
  TaskView task_;
  std::vector<PlacedExample> samples_;
  NameEdit change_;
  std::int64_t target_label_;
  CodeModel* reference_;
  mutable QuietProgress progress_;  ///< judging is no step of a search
  Answers plain_;                   ///< without a trigger
  at::Tensor elsewhere_;            ///< [samples], whether another label is predicted without it
  at::Tensor certain_;              ///< [samples], the most certain of those
  mutable std::map<TriggerIds, Answers> known_;
};

/// A hypothesis whose trigger is searched for: an ordered pair of labels, and how the trigger
/// enters code.
struct SearchContext {
  CodeModel& victim;
  std::int64_t victim_label = 0;
  std::int64_t target_label = 0;
  TriggerEdit edit;
  TriggerLoss& loss_of;  ///< on the inversion samples, towards the target label
  const Spelling& spelling;
  Rng rng;
  Progress& progress;  ///< to be advanced by each epoch
};

struct FoundTriggers {
  ScoredTrigger best;                          ///< its ids are not empty
  std::vector<ScoredTrigger> visited = {};     ///< triggers that the search came by, in order
  std::int64_t epochs = 0;                     ///< that were run
  std::int64_t candidates = 0;                 ///< triggers whose loss was compared
  std::map<std::string, double> figures = {};  ///< the method's own
};

/// The search of one hypothesis. It stops and goes on: hypotheses race for their epochs. Refers to
/// its context.
class TriggerSearch {
 public:
  virtual ~TriggerSearch();

  /// Runs so many further epochs, or fewer where there is nothing left to search. In whatever steps
  /// the epochs come, the result is the same. Calls Progress::check() at least once a second.
  virtual void advance(std::int64_t epochs) = 0;
  /// What was found so far, even after no epoch.
  virtual FoundTriggers found() = 0;
  /// The tokens of `trigger` that its effect needs, not empty; by default all of them. `loss_of`
  /// gives the mean loss of a trigger on the inversion samples.
  virtual TriggerIds purified(const TriggerIds& trigger,
                              const std::function<double(const TriggerIds&)>& loss_of) const;
  /// Figures of the method's own for its purified trigger; none by default.
  virtual std::map<std::string, double> judge(const TriggerIds& trigger,
                                              const JudgedSamples& held_out) const;
};

/// What the searches of one defense share.
class SearchMethod {
 public:
  virtual ~SearchMethod();
  /// Same context, same search. The context outlives it.
  virtual std::unique_ptr<TriggerSearch> begin(const SearchContext& context) const = 0;
};

/// `trigger`, then what is left of it as tokens are dropped one after the other, each time the one
/// whose loss is lowest without it (of equal ones the first), down to a single token. With
/// `keep_first` that is the first one, which is never dropped.
std::vector<TriggerIds> shrink(const TriggerIds& trigger, bool keep_first,
                               const std::function<double(const TriggerIds&)>& loss);

/// Whether shrink() must keep the first token: where the trigger replaces a name, its first token
/// starts it.
inline bool keeps_first(NameEdit change) { return change == NameEdit::replace; }

}  // namespace ncmlab
