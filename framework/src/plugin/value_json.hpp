// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <variant>

#include "ncmlab/plugin/schema.hpp"

namespace ncmlab {

/// `Json` is nlohmann::json, or nlohmann::ordered_json.
template <typename Json>
Json value_to_json(const Value& value) {
  return std::visit([](const auto& held) { return Json(held); }, value);
}

/// An object with the values by name.
inline nlohmann::json settings_to_json(const Settings& settings) {
  nlohmann::json object = nlohmann::json::object();
  for (const auto& [name, value] : settings) {
    object[name] = value_to_json<nlohmann::json>(value);
  }
  return object;
}

}  // namespace ncmlab
