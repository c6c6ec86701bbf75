// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

namespace ncmlab {

/// A character n-gram model of identifiers with Witten and Bell's interpolated smoothing (IEEE
/// Trans. Inf. Theory 1991, method C): how usual a name looks among those it was shown.
class NameModel {
 public:
  static constexpr std::size_t kOrder = 4;  ///< characters of context + 1

  /// Counts one use of `name`.
  void add(std::string_view name);
  /// Mean natural logarithm of the probability of a byte of `name`, its end included. An untrained
  /// model gives each byte the same.
  double log_probability(std::string_view name) const;

 private:
  struct Context {
    std::unordered_map<char, std::int64_t> counts;
    std::int64_t total = 0;
  };
  double probability(std::string_view context, char next) const;

  std::unordered_map<std::string, Context> contexts_;
};

}  // namespace ncmlab
