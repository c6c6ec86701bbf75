// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/core/number_text.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>

namespace ncmlab {

std::string fixed_decimals(double value, int decimals) {
  std::array<char, 64> buffer{};
  // A rounded -0.004 would print as -0.00.
  const double unit = std::pow(10.0, -decimals);
  const double shown = std::abs(value) < unit / 2 ? 0.0 : value;
  std::snprintf(buffer.data(), buffer.size(), "%.*f", decimals, shown);
  return buffer.data();
}

std::string shortest_number(double value) {
  if (!std::isfinite(value)) {
    return "";
  }
  std::array<char, 32> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr;
  return std::string(buffer.data(), end);
}

}  // namespace ncmlab
