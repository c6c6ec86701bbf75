// SPDX-License-Identifier: Apache-2.0
#include "greedy_coordinate_gradient.hpp"

#include <torch/types.h>

#include <algorithm>
#include <string>

#include "ncmlab/core/number_text.hpp"

namespace ncmlab::elibadcode {
namespace {

std::string loss_text(double loss) { return "loss " + fixed_decimals(loss, 4); }

}  // namespace

std::vector<TriggerIds> lowest_gradient_tokens(const at::Tensor& gradient,
                                               const std::vector<std::int64_t>& vocabulary,
                                               std::int64_t top_k) {
  const std::int64_t count = std::min(top_k, gradient.size(1));
  const at::Tensor columns =
      std::get<1>(gradient.topk(count, /*dim=*/1, /*largest=*/false)).contiguous();
  const auto* column = columns.data_ptr<std::int64_t>();
  std::vector<TriggerIds> tokens(static_cast<std::size_t>(gradient.size(0)));
  for (TriggerIds& row : tokens) {
    for (std::int64_t k = 0; k < count; ++k) {
      row.push_back(vocabulary[static_cast<std::size_t>(*column++)]);
    }
  }
  return tokens;
}

std::vector<TriggerIds> draw_candidates(const TriggerIds& current,
                                        const std::vector<TriggerIds>& tokens, std::size_t count,
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
  if (neighbours.size() > count) {
    neighbours.resize(count);
  }
  tried.insert(neighbours.begin(), neighbours.end());
  return neighbours;
}

SearchResult search_trigger(CandidateScorer& scorer, const std::vector<std::int64_t>& vocabulary,
                            const SearchOptions& options, Rng rng, Progress& progress) {
  Rng start = rng.stream("start");
  Rng swaps = rng.stream("swaps");
  TriggerIds current;
  for (std::int64_t i = 0; i < options.trigger_length; ++i) {
    current.push_back(start.pick(vocabulary));
  }
  std::set<TriggerIds> tried = {current};
  SearchResult result{.best = {current, scorer.loss(current)}, .visited = {}, .candidates = 1};
  result.visited.push_back(result.best);
  while (result.epochs < options.epochs && result.best.loss >= options.stop_loss) {
    progress.check();
    const auto tokens =
        lowest_gradient_tokens(scorer.gradient(current, vocabulary), vocabulary, options.top_k);
    const std::vector<TriggerIds> candidates = draw_candidates(
        current, tokens, static_cast<std::size_t>(options.candidates), tried, swaps);
    if (candidates.empty()) {
      break;
    }
    const CandidateChoice choice = options.reference_scoring
                                       ? scorer.choose_reference(candidates, progress)
                                       : scorer.choose(candidates, progress);
    current = candidates[choice.index];
    result.visited.push_back({current, choice.loss});
    if (choice.loss < result.best.loss) {
      result.best = result.visited.back();
    }
    result.candidates += static_cast<std::int64_t>(candidates.size());
    ++result.epochs;
    progress.advance(1, loss_text(result.best.loss));
  }
  return result;
}

}  // namespace ncmlab::elibadcode
