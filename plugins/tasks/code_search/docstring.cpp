// SPDX-License-Identifier: Apache-2.0
#include "docstring.hpp"

#include <string_view>

#include "ncmlab/code/syntax.hpp"

namespace ncmlab {
namespace {

constexpr std::string_view kBlank = " \t\r\n\f";

/// Past blanks and comments.
std::size_t skip_blank(std::string_view code, std::size_t at) {
  for (;;) {
    at = code.find_first_not_of(kBlank, at);
    if (at == std::string_view::npos || code[at] != '#') {
      return at == std::string_view::npos ? code.size() : at;
    }
    at = code.find('\n', at);
  }
}

/// The end of the string literal that starts at `at`, or `at` when none does.
std::size_t end_of_string(std::string_view code, std::size_t at) {
  const std::size_t quote = code.find_first_not_of("rRuUbB", at);
  if (quote == std::string_view::npos || (code[quote] != '"' && code[quote] != '\'')) {
    return at;
  }
  const char mark = code[quote];
  const std::string closing(code.substr(quote, 3) == std::string(3, mark) ? 3 : 1, mark);
  for (std::size_t i = quote + closing.size(); i < code.size(); ++i) {
    if (code[i] == '\\') {
      ++i;
    } else if (code.substr(i, closing.size()) == closing) {
      return i + closing.size();
    }
  }
  return at;
}

}  // namespace

std::string without_docstring(const std::string& code) {
  const Syntax syntax = parse(code, Language::python);
  if (!syntax.body) {
    return code;
  }
  const std::size_t begin = skip_blank(code, syntax.body->begin);
  const std::size_t end = end_of_string(code, begin);
  if (end == begin) {
    return code;
  }
  const std::size_t next = skip_blank(code, end);
  // A string that goes on as an expression, such as `"..." % x`, is no docstring.
  const bool ends_statement =
      next >= code.size() || code[next] == ';' ||
      std::string_view(code).substr(end, next - end).find('\n') != std::string_view::npos;
  if (!ends_statement) {
    return code;
  }
  if (next >= syntax.body->end) {
    return code.substr(0, begin) + "pass" + code.substr(end);
  }
  const std::size_t rest = code[next] == ';' ? skip_blank(code, next + 1) : next;
  return code.substr(0, begin) + code.substr(rest);
}

}  // namespace ncmlab
