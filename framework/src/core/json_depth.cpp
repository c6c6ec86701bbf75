// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/core/json_depth.hpp"

namespace ncmlab {

std::string too_deep_json(std::string_view text) {
  std::size_t depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      i += c == '\\' ? 1 : 0;
      in_string = c != '"';
    } else if (c == '"') {
      in_string = true;
    } else if (c == '[' || c == '{') {
      if (++depth > kDeepestJson) {
        return "arrays and objects nest more than " + std::to_string(kDeepestJson) +
               " levels deep at byte " + std::to_string(i);
      }
    } else if ((c == ']' || c == '}') && depth > 0) {
      --depth;
    }
  }
  return {};
}

}  // namespace ncmlab
