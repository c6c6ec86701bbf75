// SPDX-License-Identifier: Apache-2.0
#include "core/printable.hpp"

#include <utf8proc.h>

#include <cstdio>

namespace ncmlab {
namespace {

/// Whether a code point does more, or less, than show a character.
bool is_control(utf8proc_int32_t value) {
  switch (utf8proc_category(value)) {
    case UTF8PROC_CATEGORY_CC:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
    case UTF8PROC_CATEGORY_CN:
    case UTF8PROC_CATEGORY_CO:
      return true;
    default:
      return false;
  }
}

std::string escape(const char* format, unsigned value) {
  char buffer[16];
  std::snprintf(buffer, sizeof buffer, format, value);
  return buffer;
}

std::string escaped(std::string_view text, bool keep_lines) {
  std::string result;
  while (!text.empty()) {
    utf8proc_int32_t point = -1;
    const utf8proc_ssize_t read =
        utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                         static_cast<utf8proc_ssize_t>(text.size()), &point);
    const bool is_valid = read > 0 && point >= 0;
    const std::string_view bytes = text.substr(0, is_valid ? static_cast<std::size_t>(read) : 1);
    if (is_valid && keep_lines && (point == '\n' || point == '\t')) {
      result += bytes;
    } else if (is_valid && (point == '\n' || point == '\t')) {
      result += point == '\n' ? "\\n" : "\\t";
    } else if (!is_valid || (point < 0x80 && is_control(point))) {
      result += escape("\\x%02x", static_cast<unsigned char>(bytes.front()));
    } else if (is_control(point)) {
      result += escape("\\u{%x}", static_cast<unsigned>(point));
    } else {
      result += bytes;
    }
    text.remove_prefix(bytes.size());
  }
  return result;
}

}  // namespace

std::string printable(std::string_view text) { return escaped(text, false); }

std::string printable_lines(std::string_view text) { return escaped(text, true); }

}  // namespace ncmlab
