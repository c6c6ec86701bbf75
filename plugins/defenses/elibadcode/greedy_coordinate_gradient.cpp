// SPDX-License-Identifier: Apache-2.0
#include "greedy_coordinate_gradient.hpp"

#include <torch/types.h>

#include <algorithm>
#include <utility>

#include "ncmlab/core/number_text.hpp"

namespace ncmlab::elibadcode {
namespace {

constexpr int kStartDraws = 1000;

}  // namespace

std::vector<TriggerIds> lowest_gradient_tokens(const std::vector<at::Tensor>& gradient,
                                               const std::vector<std::vector<std::int64_t>>& tokens,
                                               std::int64_t top_k) {
  std::vector<TriggerIds> lowest;
  for (std::size_t place = 0; place < gradient.size(); ++place) {
    const std::int64_t count = std::min(top_k, gradient[place].size(0));
    const at::Tensor chosen =
        std::get<1>(gradient[place].topk(count, /*dim=*/0, /*largest=*/false)).contiguous();
    const auto* index = chosen.data_ptr<std::int64_t>();
    TriggerIds& row = lowest.emplace_back();
    for (std::int64_t k = 0; k < count; ++k) {
      row.push_back(tokens[place][static_cast<std::size_t>(index[k])]);
    }
  }
  return lowest;
}

std::vector<TriggerIds> draw_candidates(const TriggerIds& current,
                                        const std::vector<TriggerIds>& tokens, std::size_t count,
                                        const std::function<bool(const TriggerIds&)>& allowed,
                                        std::set<TriggerIds>& tried, Rng& rng) {
  std::vector<TriggerIds> neighbours;
  for (std::size_t position = 0; position < current.size(); ++position) {
    for (const std::int64_t token : tokens[position]) {
      TriggerIds neighbour = current;
      neighbour[position] = token;
      if (!tried.contains(neighbour)) {
        neighbours.push_back(std::move(neighbour));
      }
    }
  }
  rng.shuffle(neighbours);
  std::vector<TriggerIds> drawn;
  for (TriggerIds& neighbour : neighbours) {
    if (drawn.size() == count) {
      break;
    }
    if (allowed(neighbour)) {
      tried.insert(neighbour);
      drawn.push_back(std::move(neighbour));
    }
  }
  return drawn;
}

GreedyCoordinateGradient::GreedyCoordinateGradient(CandidateScorer& scorer,
                                                   const TriggerAlphabet& alphabet,
                                                   std::function<bool(const TriggerIds&)> allowed,
                                                   const SearchOptions& options, const Rng& rng)
    : scorer_(scorer),
      allowed_(std::move(allowed)),
      options_(options),
      swaps_(rng.stream("swaps")) {
  Rng start = rng.stream("start");
  const auto length = static_cast<std::size_t>(options.trigger_length);
  for (std::size_t place = 0; place < length; ++place) {
    tokens_.push_back(alphabet.of(place));
  }
  for (int draw = 0; draw < kStartDraws; ++draw) {
    best_.ids.clear();
    for (const std::vector<std::int64_t>& tokens : tokens_) {
      best_.ids.push_back(start.pick(tokens));
    }
    if (allowed_(best_.ids)) {
      break;
    }
  }
  tried_ = {best_.ids};
  best_.loss = scorer_.loss(best_.ids);
  visited_ = {best_};
}

bool GreedyCoordinateGradient::step(Progress& progress) {
  progress.check();
  const TriggerIds& current = visited_.back().ids;
  const auto tokens =
      lowest_gradient_tokens(scorer_.gradient(current, tokens_), tokens_, options_.top_k);
  const std::vector<TriggerIds> candidates = draw_candidates(
      current, tokens, static_cast<std::size_t>(options_.candidates), allowed_, tried_, swaps_);
  if (candidates.empty()) {
    return false;
  }
  const CandidateChoice choice = options_.reference_scoring
                                     ? scorer_.choose_reference(candidates, progress)
                                     : scorer_.choose(candidates, progress);
  visited_.push_back({candidates[choice.index], choice.loss});
  if (choice.loss < best_.loss) {
    best_ = visited_.back();
  }
  candidates_ += static_cast<std::int64_t>(candidates.size());
  ++epochs_;
  progress.advance(1, "loss " + fixed_decimals(best_.loss, 4));
  return true;
}

}  // namespace ncmlab::elibadcode
