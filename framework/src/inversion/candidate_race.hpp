// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <vector>

namespace ncmlab {

/// Finds the candidate with the lowest sum of losses without computing all of them. Losses are
/// not negative, so a partial sum bounds the sum from below: the candidates with the lowest
/// partial sums go on first, and one whose partial sum exceeds a complete sum never goes on.
class CandidateRace {
 public:
  /// A loss to compute.
  struct Entry {
    std::size_t candidate;
    std::size_t sample;
  };

  /// `difficulty` [samples]: samples are taken in descending order of it, since large losses tell
  /// candidates apart early. It does not change the winner.
  CandidateRace(std::size_t candidates, const std::vector<double>& difficulty);

  /// Up to `count` losses to compute next; none when the winner is certain.
  std::vector<Entry> next(std::size_t count) const;
  void record(const std::vector<Entry>& entries, const std::vector<double>& losses);

  /// Of equal sums the first candidate's. Precondition: next() returned none.
  std::size_t winner() const;
  /// Mean loss of the winner, summed in the order of the samples.
  double winning_loss() const;
  /// Mean of each sample's recorded losses, of use as the next race's difficulty.
  std::vector<double> mean_losses() const;

 private:
  struct Candidate {
    std::size_t index = 0;
    double sum = 0;
    std::vector<double> losses;  ///< in the order of order_
  };
  bool complete(const Candidate& candidate) const {
    return candidate.losses.size() == order_.size();
  }
  double mean_in_sample_order(const Candidate& candidate) const;

  std::vector<std::size_t> order_;  ///< of the samples
  std::vector<Candidate> candidates_;
};

}  // namespace ncmlab
