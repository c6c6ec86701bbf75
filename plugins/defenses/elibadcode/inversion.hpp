// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "greedy_coordinate_gradient.hpp"
#include "ncmlab/core/progress.hpp"
#include "ncmlab/core/rng.hpp"
#include "ncmlab/data/example.hpp"
#include "ncmlab/model/code_model.hpp"
#include "ncmlab/plugin/task.hpp"
#include "trigger_position.hpp"

namespace ncmlab::elibadcode {

struct InversionOptions {
  std::int64_t samples = 30;    ///< clean samples of the victim label to invert on
  std::int64_t held_out = 100;  ///< others to judge the trigger by
  std::int64_t restarts = 1;    ///< searches, each from a random start; the best is kept
  std::int64_t triggers = 1;    ///< distinct triggers wanted for unlearning
  double beta = 0.15;
  PositionOptions position;
  SearchOptions search;
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

/// What the inversion towards one target label found.
struct Inversion {
  Rng rng;  ///< whose streams it draws from
  std::int64_t victim_label = 0;
  std::int64_t target_label = 0;
  TriggerIds raw_ids;   ///< as the search returned it
  TriggerIds ids;       ///< after anchoring
  double raw_loss = 0;  ///< mean on the inversion samples
  double loss = 0;      ///< likewise, of `ids`
  double hit_rate = 0;  ///< share of the inversion samples that `ids` turns into the target
  /// Of the held-out samples that are not predicted as `target_label` without the trigger, the
  /// share that is with `ids`; 0 when there are none.
  double flip_rate = 0;
  /// Mean flip rate of the held-out samples while the trigger loses its tokens one after the other.
  /// A few tokens suffice for a backdoor; what merely pushes a clean model needs them all.
  double persistence = 0;
  std::int64_t epochs = 0;
  std::int64_t candidates = 0;
  std::vector<ScoredTrigger> visited;  ///< triggers that the searches moved to
  std::shared_ptr<TriggerLoss> loss_of;
};

/// Stages 2 to 4 for one ordered pair of labels: draws samples of `victim_label` out of `clean`,
/// places, searches, anchors. At most half of the label's samples are inverted on, so that others
/// are left to judge by; when there is only one, it serves as both. Precondition: at least one.
Inversion invert(CodeModel& victim, const TaskView& task, const std::vector<Example>& clean,
                 const std::vector<std::int64_t>& vocabulary, std::int64_t victim_label,
                 std::int64_t target_label, const InversionOptions& options, const Rng& rng,
                 Progress& progress);

/// `ids` of `found` and up to `options.triggers` - 1 others, anchored, drawn from those that the
/// searches moved to and whose loss is within beta of the best. Precondition: the victim is still
/// the one that was inverted.
std::vector<TriggerIds> trigger_pool(const Inversion& found, const InversionOptions& options,
                                     Progress& progress);

}  // namespace ncmlab::elibadcode
