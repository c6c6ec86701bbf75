// SPDX-License-Identifier: Apache-2.0
#include "loader/reserved_keys.hpp"

namespace ncmlab {

std::vector<std::string> reserved_keys(PluginKind kind) {
  std::vector<std::string> keys{"plugin", "name"};
  if (kind == PluginKind::model) {
    keys.emplace_back("training");
  } else if (kind == PluginKind::attack) {
    keys.insert(keys.end(), {"victim_label", "target_label", "target_word", "surrogate"});
  }
  return keys;
}

}  // namespace ncmlab
