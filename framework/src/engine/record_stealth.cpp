// SPDX-License-Identifier: Apache-2.0
#include "engine/record_stealth.hpp"

#include <nlohmann/json.hpp>

#include "engine/json_number.hpp"

namespace ncmlab {

using nlohmann::json;

json to_object(const StealthMetrics& metrics) {
  json object{{"edits", metrics.edits},
              {"parse_rate", number_to_json(metrics.parse_rate)},
              {"token_edits", number_to_json(metrics.token_edits)}};
  if (metrics.new_names) {
    object["new_names"] = number_to_json(*metrics.new_names);
  }
  if (metrics.old_names) {
    object["old_names"] = number_to_json(*metrics.old_names);
  }
  return object;
}

StealthMetrics stealth_from(const json& object) {
  const auto number_if_there = [&](const char* name) {
    return object.contains(name) ? std::optional(number_from_json(object.at(name))) : std::nullopt;
  };
  return {.edits = integer_from_json(object.at("edits")),
          .parse_rate = number_from_json(object.at("parse_rate")),
          .token_edits = number_from_json(object.at("token_edits")),
          .new_names = number_if_there("new_names"),
          .old_names = number_if_there("old_names")};
}

}  // namespace ncmlab
