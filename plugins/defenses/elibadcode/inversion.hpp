// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "greedy_coordinate_gradient.hpp"
#include "ncmlab/core/progress.hpp"
#include "ncmlab/core/rng.hpp"
#include "ncmlab/data/example.hpp"
#include "ncmlab/nn/victim.hpp"
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

/// What the inversion towards one target label found.
struct Inversion {
  std::int64_t victim_label = 0;
  std::int64_t target_label = 0;
  TriggerIds raw_ids;    ///< as the search returned it
  TriggerIds ids;        ///< after anchoring
  double raw_loss = 0;   ///< mean on the inversion samples
  double loss = 0;       ///< likewise, of `ids`
  double hit_rate = 0;   ///< share of the inversion samples that `ids` turns into the target
  double flip_rate = 0;  ///< of the held-out samples; see flip_rate()
  /// Mean flip rate of the held-out samples while the trigger loses its tokens one after the other.
  /// A few tokens suffice for a backdoor; what merely pushes a clean model needs them all.
  double persistence = 0;
  /// `ids` and up to `triggers` - 1 others, anchored, drawn from those that the searches moved to
  /// and whose loss is within beta of the best.
  std::vector<TriggerIds> pool;
  std::int64_t epochs = 0;
  std::int64_t candidates = 0;
};

/// Of the samples that are not predicted as `target_label` without the trigger, the share that is
/// with it; 0 when there are none.
double flip_rate(Victim& victim, const std::vector<InversionSample>& samples,
                 const TriggerIds& trigger, std::int64_t target_label, Progress& progress);

/// Stages 2 to 4 for one ordered pair of labels: draws samples of `victim_label` out of `clean`,
/// places, searches, anchors. At most half of the label's samples are inverted on, so that others
/// are left to judge by; when there is only one, it serves as both. Precondition: at least one.
Inversion invert(Victim& victim, const TaskView& task, const std::vector<Example>& clean,
                 const std::vector<std::int64_t>& vocabulary, std::int64_t victim_label,
                 std::int64_t target_label, const InversionOptions& options, const Rng& rng,
                 Progress& progress);

}  // namespace ncmlab::elibadcode
