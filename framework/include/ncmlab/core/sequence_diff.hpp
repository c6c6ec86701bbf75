// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <vector>

namespace ncmlab {

/// A place where two sequences differ: [first_begin, first_end) of one stands for
/// [second_begin, second_end) of the other.
struct DiffHunk {
  std::size_t first_begin = 0, first_end = 0;
  std::size_t second_begin = 0, second_end = 0;

  std::size_t removed() const { return first_end - first_begin; }
  std::size_t added() const { return second_end - second_begin; }
  bool operator==(const DiffHunk&) const = default;
};

/// The hunks of a shortest script of removals and additions between sequences of the given sizes,
/// ascending (Myers, Algorithmica 1986). `equal(i, j)` compares item i of the first with item j of
/// the second. Deterministic; time (n + m) d and space d squared for d edits. Sequences with more
/// than 2000 edits between their common ends are one hunk.
std::vector<DiffHunk> diff(std::size_t first_size, std::size_t second_size,
                           const std::function<bool(std::size_t, std::size_t)>& equal);

template <typename T>
std::vector<DiffHunk> diff(const std::vector<T>& first, const std::vector<T>& second) {
  return diff(first.size(), second.size(),
              [&](std::size_t i, std::size_t j) { return first[i] == second[j]; });
}

}  // namespace ncmlab
