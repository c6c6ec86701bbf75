// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <string_view>
#include <utility>
#include <vector>

namespace ncmlab {

/// A named stream of random numbers. The same seed and names give the same numbers on every
/// platform and whatever was drawn from other streams before.
class Rng {
 public:
  explicit Rng(std::uint64_t seed);

  /// A new stream derived from this one's seed (not its state) and `name`.
  Rng stream(std::string_view name) const;
  Rng stream(std::string_view name, std::uint64_t index) const;

  std::uint64_t seed() const { return seed_; }
  std::uint64_t next() { return engine_(); }
  /// Uniform in [0, n). Precondition: n > 0.
  std::uint64_t below(std::uint64_t n);
  /// Uniform in [low, high], both included. Precondition: low <= high.
  std::int64_t between(std::int64_t low, std::int64_t high);
  /// Uniform in [0, 1).
  double uniform();
  bool chance(double probability) { return uniform() < probability; }
  /// Standard normal, by Box and Muller.
  double normal();

  template <typename T>
  void shuffle(std::vector<T>& items) {
    for (std::size_t i = items.size(); i > 1; --i) {
      std::swap(items[i - 1], items[below(i)]);
    }
  }
  template <typename T>
  const T& pick(const std::vector<T>& items) {
    return items[below(items.size())];
  }
  /// `count` distinct indices out of [0, n), in random order; all of them when count >= n.
  std::vector<std::size_t> sample(std::size_t n, std::size_t count);

 private:
  std::uint64_t seed_;
  std::mt19937_64 engine_;
};

}  // namespace ncmlab
