// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>

namespace ncmlab {

/// JSON has no infinities and no NaN; they are written as "inf", "-inf" and "nan".
nlohmann::json number_to_json(double value);
/// Throws nlohmann::json::type_error for anything but a number or one of those words.
double number_from_json(const nlohmann::json& value);
/// Throws nlohmann::json::type_error for anything but an integer of 64 bits, where get() would
/// convert.
std::int64_t integer_from_json(const nlohmann::json& value);

}  // namespace ncmlab
