// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/core/sequence_diff.hpp"

#include <algorithm>

namespace ncmlab {
namespace {

using Index = std::ptrdiff_t;
constexpr Index kMostEdits = 2000;

/// One step of a script: a removal, an addition or, with neither, a pair of equal items.
struct Step {
  Index i, j;
  bool removes, adds;
};

/// The frontiers of Myers' greedy algorithm: after d edits, how far along the first sequence the
/// diagonal k = i - j is reached.
class Frontiers {
 public:
  /// Diagonals -d .. d of round d.
  explicit Frontiers(Index d) : shift_(d), reached_(static_cast<std::size_t>(2 * d + 1), -1) {}
  Index& at(Index k) { return reached_[static_cast<std::size_t>(k + shift_)]; }
  Index at(Index k) const {
    return k < -shift_ || k > shift_ ? -1 : reached_[static_cast<std::size_t>(k + shift_)];
  }

 private:
  Index shift_;
  std::vector<Index> reached_;
};

/// Whether diagonal k of round d is reached by an addition, from diagonal k + 1.
bool comes_by_addition(const Frontiers& before, Index k, Index d) {
  return k == -d || (k != d && before.at(k - 1) < before.at(k + 1));
}

template <typename Equal>
std::vector<Frontiers> search(Index n, Index m, const Equal& equal) {
  std::vector<Frontiers> rounds;
  for (Index d = 0; d <= std::min(n + m, kMostEdits); ++d) {
    Frontiers round(d);
    for (Index k = -d; k <= d; k += 2) {
      Index i = 0;
      if (d > 0) {
        const Frontiers& before = rounds.back();
        i = comes_by_addition(before, k, d) ? before.at(k + 1) : before.at(k - 1) + 1;
      }
      while (i < n && i - k < m && i - k >= 0 && equal(i, i - k)) {
        ++i;
      }
      round.at(k) = i;
      if (i >= n && i - k >= m) {
        rounds.push_back(std::move(round));
        return rounds;
      }
    }
    rounds.push_back(std::move(round));
  }
  return {};
}

/// The edits of the path, last first.
std::vector<Step> walk_back(const std::vector<Frontiers>& rounds, Index n, Index m) {
  std::vector<Step> steps;
  Index i = n, k = n - m;
  for (auto d = static_cast<Index>(rounds.size()) - 1; d > 0; --d) {
    const Frontiers& before = rounds[static_cast<std::size_t>(d - 1)];
    const bool adds = comes_by_addition(before, k, d);
    k = adds ? k + 1 : k - 1;
    i = before.at(k);
    steps.push_back({i, i - k, !adds, adds});
  }
  return steps;
}

}  // namespace

std::vector<DiffHunk> diff(std::size_t first_size, std::size_t second_size,
                           const std::function<bool(std::size_t, std::size_t)>& equal) {
  std::size_t start = 0, end = 0;
  const std::size_t least = std::min(first_size, second_size);
  while (start < least && equal(start, start)) {
    ++start;
  }
  while (end < least - start && equal(first_size - 1 - end, second_size - 1 - end)) {
    ++end;
  }
  const auto n = static_cast<Index>(first_size - start - end);
  const auto m = static_cast<Index>(second_size - start - end);
  if (n == 0 && m == 0) {
    return {};
  }
  const auto rounds = search(n, m, [&](Index i, Index j) {
    return equal(start + static_cast<std::size_t>(i), start + static_cast<std::size_t>(j));
  });
  if (rounds.empty()) {
    return {{start, first_size - end, start, second_size - end}};
  }
  std::vector<DiffHunk> hunks;
  std::vector<Step> steps = walk_back(rounds, n, m);
  std::reverse(steps.begin(), steps.end());
  for (const Step& step : steps) {
    const std::size_t i = start + static_cast<std::size_t>(step.i);
    const std::size_t j = start + static_cast<std::size_t>(step.j);
    if (hunks.empty() || hunks.back().first_end != i || hunks.back().second_end != j) {
      hunks.push_back({i, i, j, j});
    }
    hunks.back().first_end += step.removes ? 1 : 0;
    hunks.back().second_end += step.adds ? 1 : 0;
  }
  return hunks;
}

}  // namespace ncmlab
