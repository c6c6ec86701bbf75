// SPDX-License-Identifier: Apache-2.0
#include "report/text.hpp"

#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

namespace ncmlab {
namespace {

struct CodePoint {
  utf8proc_int32_t value = -1;  ///< -1: the byte is not UTF-8
  std::size_t bytes = 1;
};

CodePoint first_code_point(std::string_view text) {
  CodePoint result;
  const utf8proc_ssize_t read =
      utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                       static_cast<utf8proc_ssize_t>(text.size()), &result.value);
  if (read > 0) {
    result.bytes = static_cast<std::size_t>(read);
  } else {
    result.value = -1;
  }
  return result;
}

std::string hexadecimal(const char* format, unsigned value) {
  std::array<char, 16> buffer{};
  std::snprintf(buffer.data(), buffer.size(), format, value);
  return buffer.data();
}

// The letters that LaTeX sets in its default encodings.
bool is_accented_latin1(utf8proc_int32_t value) {
  return value >= 0xC0 && value <= 0xFF && value != 0xD0 && value != 0xD7 && value != 0xDE &&
         value != 0xF0 && value != 0xF7 && value != 0xFE;
}

std::string_view latex_of(char c) {
  switch (c) {
    case '\\':
      return "\\textbackslash{}";
    case '~':
      return "\\textasciitilde{}";
    case '^':
      return "\\textasciicircum{}";
    case '<':
      return "\\textless{}";
    case '>':
      return "\\textgreater{}";
    case '|':
      return "\\textbar{}";
    case '_':
      return "\\_";
    case '&':
      return "\\&";
    case '#':
      return "\\#";
    case '$':
      return "\\$";
    case '%':
      return "\\%";
    case '{':
      return "\\{";
    case '}':
      return "\\}";
    // Braces keep these from being read as an option of `\\` or as part of a ligature.
    case '[':
      return "{[}";
    case ']':
      return "{]}";
    case '*':
      return "{*}";
    case '-':
      return "-{}";
    case '\'':
      return "'{}";
    case '`':
      return "\\`{}";
    case '"':
      return "{\\char34}";
    default:
      return {};
  }
}

}  // namespace

int display_width(std::string_view text) {
  int width = 0;
  while (!text.empty()) {
    const CodePoint point = first_code_point(text);
    width += point.value < 0 ? 1 : utf8proc_charwidth(point.value);
    text.remove_prefix(point.bytes);
  }
  return width;
}

std::string cut_to_width(const std::string& text, int width) {
  if (display_width(text) <= width) {
    return text;
  }
  std::string result;
  int used = 2;
  std::string_view rest = text;
  while (!rest.empty()) {
    const std::string_view next = rest.substr(0, first_code_point(rest).bytes);
    used += display_width(next);
    if (used > width) {
      break;
    }
    result += next;
    rest.remove_prefix(next.size());
  }
  return result + "..";
}

std::string pad_right(const std::string& text, int width) {
  return text +
         std::string(static_cast<std::size_t>(std::max(0, width - display_width(text))), ' ');
}

std::string pad_left(const std::string& text, int width) {
  return std::string(static_cast<std::size_t>(std::max(0, width - display_width(text))), ' ') +
         text;
}

std::string escape_markdown(std::string_view text) {
  constexpr std::string_view kSpecial = "\\`*_[]<>|~&$#";
  std::string result;
  for (const char c : printable(text)) {
    if (kSpecial.find(c) != std::string_view::npos) {
      result += '\\';
    }
    result += c;
  }
  return result;
}

std::string escape_latex(std::string_view text) {
  const std::string clean = printable(text);
  std::string result;
  std::string_view rest = clean;
  while (!rest.empty()) {
    const CodePoint point = first_code_point(rest);
    const std::string_view bytes = rest.substr(0, point.bytes);
    if (point.value == 0xB1) {
      result += "$\\pm$";
    } else if (point.value < 0x80) {
      const std::string_view replaced = latex_of(rest.front());
      result += replaced.empty() ? bytes : replaced;
    } else if (is_accented_latin1(point.value)) {
      result += bytes;
    } else {
      result += "\\texttt{" + hexadecimal("U+%04X", static_cast<unsigned>(point.value)) + "}";
    }
    rest.remove_prefix(point.bytes);
  }
  return result;
}

std::string plain_text_cell(std::string text) {
  for (const std::string_view sign : {"=", "+", "-", "@", "\uFF1D", "\uFF0B", "\uFF0D", "\uFF20"}) {
    if (text.starts_with(sign)) {
      return "'" + text;
    }
  }
  return text;
}

std::string quote_csv(std::string_view text) {
  if (text.find_first_of(",;\"\r\n") == std::string_view::npos) {
    return std::string(text);
  }
  std::string result = "\"";
  for (const char c : text) {
    result += c;
    if (c == '"') {
      result += c;
    }
  }
  return result + "\"";
}

std::string compact_count(double value) {
  constexpr std::array<const char*, 4> kSuffixes = {"", "k", "M", "G"};
  std::size_t power = 0;
  while (value >= 999.5 && power + 1 < kSuffixes.size()) {
    value /= 1000;
    ++power;
  }
  const int decimals = power == 0 || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
  return fixed_decimals(value, decimals) + kSuffixes[power];
}

std::pair<double, double> wilson_interval(double rate, std::int64_t n) {
  constexpr double kZ = 1.959963984540054;
  const double count = static_cast<double>(n);
  const double scale = 1 + kZ * kZ / count;
  const double centre = (rate + kZ * kZ / (2 * count)) / scale;
  const double half =
      kZ * std::sqrt(rate * (1 - rate) / count + kZ * kZ / (4 * count * count)) / scale;
  return {std::max(0.0, centre - half), std::min(1.0, centre + half)};
}

}  // namespace ncmlab
