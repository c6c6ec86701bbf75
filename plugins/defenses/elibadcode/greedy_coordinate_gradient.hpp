// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <set>
#include <vector>

#include "ncmlab/core/progress.hpp"
#include "ncmlab/core/rng.hpp"
#include "ncmlab/inversion/candidate_scorer.hpp"
#include "ncmlab/plugin/trigger_alphabet.hpp"
#include "ncmlab/plugin/trigger_search.hpp"

namespace ncmlab::elibadcode {

struct SearchOptions {
  std::int64_t trigger_length = 5;
  std::int64_t top_k = 64;       ///< tokens per position that an epoch draws from
  std::int64_t candidates = 64;  ///< triggers that an epoch evaluates
  bool reference_scoring = false;
};

/// For each place of a trigger the `top_k` of its `tokens` (all when there are fewer) whose
/// `gradient` is lowest, lowest first; both hold one entry for each place. The paper divides each
/// row by its L2 norm; that does not change the order within a row and is left out, and so is the
/// division by zero.
std::vector<TriggerIds> lowest_gradient_tokens(const std::vector<at::Tensor>& gradient,
                                               const std::vector<std::vector<std::int64_t>>& tokens,
                                               std::int64_t top_k);

/// Up to `count` triggers that differ from `current` at one position by one of its `tokens`, are
/// `allowed` and not in `tried`, drawn evenly from all of those; they are added to `tried`. Empty
/// when the neighbourhood is exhausted.
std::vector<TriggerIds> draw_candidates(const TriggerIds& current,
                                        const std::vector<TriggerIds>& tokens, std::size_t count,
                                        const std::function<bool(const TriggerIds&)>& allowed,
                                        std::set<TriggerIds>& tried, Rng& rng);

/// Stage 3. Greedy Coordinate Gradient (Zou et al. 2023; paper, section 4.4) from one random
/// trigger that is allowed: each epoch moves to the best of its candidates, even when that is
/// worse. Same rng, same result.
class GreedyCoordinateGradient {
 public:
  /// `alphabet` has tokens for each place. `allowed`: the triggers that may be tried; where none of
  /// 1,000 draws is, the last one is the start. Scores the start.
  GreedyCoordinateGradient(CandidateScorer& scorer, const TriggerAlphabet& alphabet,
                           std::function<bool(const TriggerIds&)> allowed,
                           const SearchOptions& options, const Rng& rng);

  /// One epoch; false, and nothing was done, when the neighbourhood is exhausted.
  bool step(Progress& progress);

  const ScoredTrigger& best() const { return best_; }
  /// The start and where each epoch moved to, in order.
  const std::vector<ScoredTrigger>& visited() const { return visited_; }
  std::int64_t epochs() const { return epochs_; }
  std::int64_t candidates() const { return candidates_; }  ///< triggers whose loss was compared

 private:
  CandidateScorer& scorer_;
  std::function<bool(const TriggerIds&)> allowed_;
  SearchOptions options_;
  std::vector<std::vector<std::int64_t>> tokens_;  ///< that each place may have
  Rng swaps_;
  std::set<TriggerIds> tried_;
  ScoredTrigger best_;
  std::vector<ScoredTrigger> visited_;
  std::int64_t epochs_ = 0, candidates_ = 1;
};

}  // namespace ncmlab::elibadcode
