// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace ncmlab {

/// Indented JSON in ASCII, with a line end. Names from files may hold anything: what is no ASCII is
/// escaped, bytes that are no UTF-8 become U+FFFD.
inline std::string ascii_json(const nlohmann::ordered_json& json) {
  return json.dump(2, ' ', true, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace ncmlab
