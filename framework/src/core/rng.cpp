// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/core/rng.hpp"

#include <cmath>
#include <numbers>
#include <numeric>
#include <string>

#include "ncmlab/core/hash.hpp"

namespace ncmlab {

Rng::Rng(std::uint64_t seed) : seed_(seed), engine_(seed) {}

Rng Rng::stream(std::string_view name) const { return Rng(hash64(name, seed_)); }

Rng Rng::stream(std::string_view name, std::uint64_t index) const {
  return stream(std::string(name) + '\0' + std::to_string(index));
}

std::uint64_t Rng::below(std::uint64_t n) {
  // Rejection keeps every value equally likely; std distributions differ between libraries.
  const std::uint64_t limit = UINT64_MAX - UINT64_MAX % n;
  std::uint64_t value = engine_();
  while (value >= limit) {
    value = engine_();
  }
  return value % n;
}

std::int64_t Rng::between(std::int64_t low, std::int64_t high) {
  // Unsigned arithmetic wraps where the signed difference would overflow.
  const std::uint64_t start = static_cast<std::uint64_t>(low);
  const std::uint64_t count = static_cast<std::uint64_t>(high) - start + 1;
  return static_cast<std::int64_t>(start + (count == 0 ? next() : below(count)));
}

double Rng::uniform() { return static_cast<double>(engine_() >> 11) * 0x1.0p-53; }

double Rng::normal() {
  const double radius = std::sqrt(-2.0 * std::log(1.0 - uniform()));
  return radius * std::cos(2.0 * std::numbers::pi * uniform());
}

std::vector<std::size_t> Rng::sample(std::size_t n, std::size_t count) {
  std::vector<std::size_t> indices(n);
  std::iota(indices.begin(), indices.end(), std::size_t{0});
  shuffle(indices);
  if (count < n) {
    indices.resize(count);
  }
  return indices;
}

}  // namespace ncmlab
