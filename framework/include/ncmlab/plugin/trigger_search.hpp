// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "ncmlab/core/progress.hpp"
#include "ncmlab/core/rng.hpp"
#include "ncmlab/inversion/candidate_scorer.hpp"
#include "ncmlab/model/code_model.hpp"

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

/// Samples of the victim label that no trigger was searched on, to judge triggers by. Refers to
/// the model.
class HeldOutSamples {
 public:
  HeldOutSamples(CodeModel& victim, std::vector<InversionSample> samples, std::int64_t target_label,
                 Progress& progress);

  /// Of the samples that are not predicted as the target without the trigger, the share that is
  /// with it; 0 when there are none.
  double flip_rate(const TriggerIds& trigger) const;
  /// How much the trigger raises the probability of the target label, on average.
  double mean_rise(const TriggerIds& trigger) const;

 private:
  /// Log-probabilities with the trigger, [samples, classes].
  at::Tensor predictions(const TriggerIds& trigger) const;

  CodeModel& victim_;
  std::vector<InversionSample> samples_;
  std::int64_t target_label_;
  Progress& progress_;
  at::Tensor plain_;      ///< log-probabilities without a trigger, [samples, classes]
  at::Tensor elsewhere_;  ///< [samples], whether another label is predicted without it
};

/// One ordered pair of labels, whose trigger is searched for.
struct SearchContext {
  CodeModel& victim;
  std::int64_t victim_label = 0;
  std::int64_t target_label = 0;
  TriggerLoss& loss_of;  ///< on the inversion samples, towards the target label
  Rng rng;
  Progress& progress;  ///< to be advanced by each of the epochs that SearchShape has announced
};

struct FoundTriggers {
  ScoredTrigger best;                          ///< its ids are not empty
  std::vector<ScoredTrigger> visited = {};     ///< triggers that the search came by, in order
  std::int64_t epochs = 0;                     ///< that were run
  std::int64_t candidates = 0;                 ///< triggers whose loss was compared
  std::map<std::string, double> figures = {};  ///< the method's own
};

/// A way to search for triggers, the same for all pairs of labels.
class TriggerSearch {
 public:
  virtual ~TriggerSearch();

  /// Same context, same result. Calls Progress::check() at least once a second.
  virtual FoundTriggers search(const SearchContext& context) = 0;
  /// The tokens of `trigger` that its effect needs, not empty; by default all of them. `loss_of`
  /// gives the mean loss of a trigger on the inversion samples.
  virtual TriggerIds purified(const TriggerIds& trigger,
                              const std::function<double(const TriggerIds&)>& loss_of) const;
  /// Figures of the method's own for its purified trigger; none by default.
  virtual std::map<std::string, double> judge(const TriggerIds& trigger,
                                              const HeldOutSamples& held_out, const Rng& rng) const;
};

/// `trigger`, then what is left of it as tokens are dropped one after the other, each time the one
/// whose loss is lowest without it (of equal ones the first), down to a single token.
std::vector<TriggerIds> shrink(const TriggerIds& trigger,
                               const std::function<double(const TriggerIds&)>& loss);

}  // namespace ncmlab
