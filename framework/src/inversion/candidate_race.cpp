// SPDX-License-Identifier: Apache-2.0
#include "inversion/candidate_race.hpp"

#include <algorithm>
#include <limits>
#include <numeric>

namespace ncmlab {

CandidateRace::CandidateRace(std::size_t candidates, const std::vector<double>& difficulty)
    : order_(difficulty.size()), candidates_(candidates) {
  std::iota(order_.begin(), order_.end(), std::size_t{0});
  std::ranges::stable_sort(order_, std::greater<>(),
                           [&](std::size_t sample) { return difficulty[sample]; });
  for (std::size_t i = 0; i < candidates; ++i) {
    candidates_[i].index = i;
  }
}

std::vector<CandidateRace::Entry> CandidateRace::next(std::size_t count) const {
  double best = std::numeric_limits<double>::infinity();
  for (const Candidate& candidate : candidates_) {
    if (complete(candidate)) {
      best = std::min(best, candidate.sum);
    }
  }
  // Sums in different orders differ by round-off, which must not lose an equal candidate.
  constexpr double kRoundOff = 1e-9;
  std::vector<const Candidate*> running;
  for (const Candidate& candidate : candidates_) {
    if (!complete(candidate) && candidate.sum <= best * (1 + kRoundOff)) {
      running.push_back(&candidate);
    }
  }
  std::ranges::stable_sort(running, {}, &Candidate::sum);
  std::vector<Entry> entries;
  for (std::size_t ahead = 0; ahead < order_.size() && entries.size() < count; ++ahead) {
    for (const Candidate* candidate : running) {
      const std::size_t place = candidate->losses.size() + ahead;
      if (place < order_.size() && entries.size() < count) {
        entries.push_back({candidate->index, order_[place]});
      }
    }
  }
  return entries;
}

void CandidateRace::record(const std::vector<Entry>& entries, const std::vector<double>& losses) {
  for (std::size_t i = 0; i < entries.size(); ++i) {
    Candidate& candidate = candidates_[entries[i].candidate];
    candidate.losses.push_back(losses[i]);
    candidate.sum += losses[i];
  }
}

double CandidateRace::mean_in_sample_order(const Candidate& candidate) const {
  std::vector<double> by_sample(order_.size());
  for (std::size_t i = 0; i < order_.size(); ++i) {
    by_sample[order_[i]] = candidate.losses[i];
  }
  return std::accumulate(by_sample.begin(), by_sample.end(), 0.0) /
         static_cast<double>(by_sample.size());
}

std::size_t CandidateRace::winner() const {
  std::size_t best = 0;
  double lowest = std::numeric_limits<double>::infinity();
  for (const Candidate& candidate : candidates_) {
    if (complete(candidate) && mean_in_sample_order(candidate) < lowest) {
      best = candidate.index;
      lowest = mean_in_sample_order(candidate);
    }
  }
  return best;
}

double CandidateRace::winning_loss() const { return mean_in_sample_order(candidates_[winner()]); }

std::vector<double> CandidateRace::mean_losses() const {
  std::vector<double> sums(order_.size(), 0);
  std::vector<double> counts(order_.size(), 0);
  for (const Candidate& candidate : candidates_) {
    for (std::size_t i = 0; i < candidate.losses.size(); ++i) {
      sums[order_[i]] += candidate.losses[i];
      counts[order_[i]] += 1;
    }
  }
  for (std::size_t i = 0; i < sums.size(); ++i) {
    sums[i] /= std::max(counts[i], 1.0);
  }
  return sums;
}

}  // namespace ncmlab
