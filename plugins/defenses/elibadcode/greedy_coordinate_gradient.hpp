// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <set>
#include <vector>

#include "ncmlab/core/progress.hpp"
#include "ncmlab/core/rng.hpp"
#include "ncmlab/inversion/candidate_scorer.hpp"
#include "ncmlab/plugin/trigger_search.hpp"

namespace ncmlab::elibadcode {

struct SearchOptions {
  std::int64_t trigger_length = 5;
  std::int64_t epochs = 100;
  std::int64_t top_k = 64;       ///< tokens per position that an epoch draws from
  std::int64_t candidates = 64;  ///< triggers that an epoch evaluates
  double stop_loss = 0;          ///< ends the search once the best loss is below it
  bool reference_scoring = false;
};

struct SearchResult {
  ScoredTrigger best;
  std::vector<ScoredTrigger> visited;  ///< the start and where each epoch moved to, in order
  std::int64_t epochs = 0;             ///< that were run
  std::int64_t candidates = 0;         ///< triggers whose loss was compared
};

/// For each row of `gradient` [length, vocabulary.size()] the `top_k` tokens (all when there are
/// fewer) whose gradient is lowest, lowest first. The paper divides each row by its L2 norm; that
/// does not change the order within a row and is left out, and so is the division by zero.
std::vector<TriggerIds> lowest_gradient_tokens(const at::Tensor& gradient,
                                               const std::vector<std::int64_t>& vocabulary,
                                               std::int64_t top_k);

/// Up to `count` triggers that differ from `current` at one position by one of its `tokens` and are
/// not in `tried`, drawn evenly from all of those; they are added to `tried`. Empty when the
/// neighbourhood is exhausted.
std::vector<TriggerIds> draw_candidates(const TriggerIds& current,
                                        const std::vector<TriggerIds>& tokens, std::size_t count,
                                        std::set<TriggerIds>& tried, Rng& rng);

/// Stage 3. Greedy Coordinate Gradient (Zou et al. 2023; paper, section 4.4): from a random trigger
/// over `vocabulary` (not empty), each epoch moves to the best of its candidates, even when that is
/// worse; the best trigger of all epochs is returned. Same rng, same result. An exhausted
/// neighbourhood ends the search.
SearchResult search_trigger(CandidateScorer& scorer, const std::vector<std::int64_t>& vocabulary,
                            const SearchOptions& options, Rng rng, Progress& progress);

}  // namespace ncmlab::elibadcode
