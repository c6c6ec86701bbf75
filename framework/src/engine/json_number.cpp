// SPDX-License-Identifier: Apache-2.0
#include "engine/json_number.hpp"

#include <cmath>
#include <cstdint>
#include <limits>

namespace ncmlab {

nlohmann::json number_to_json(double value) {
  if (std::isfinite(value)) {
    return value;
  }
  return std::isnan(value) ? "nan" : value > 0 ? "inf" : "-inf";
}

std::int64_t integer_from_json(const nlohmann::json& value) {
  using Integer = nlohmann::json::number_integer_t;
  const Integer integer = value.get_ref<const Integer&>();
  const bool is_too_large = value.is_number_unsigned() && integer < 0;
  // What json throws of null stands for a number that is too large.
  return is_too_large ? nlohmann::json().get_ref<const Integer&>() : integer;
}

double number_from_json(const nlohmann::json& value) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  if (value == "nan") {
    return std::numeric_limits<double>::quiet_NaN();
  }
  if (value == "inf" || value == "-inf") {
    return value == "inf" ? kInfinity : -kInfinity;
  }
  return value.is_boolean() ? nlohmann::json().get<double>() : value.get<double>();
}

}  // namespace ncmlab
