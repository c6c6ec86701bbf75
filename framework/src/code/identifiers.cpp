// SPDX-License-Identifier: Apache-2.0
#include <utf8proc.h>

#include <algorithm>

#include "ncmlab/code/syntax.hpp"
#include "ncmlab/core/ascii.hpp"

namespace ncmlab {
namespace {

bool may_start_identifier(utf8proc_category_t category) {
  switch (category) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
    case UTF8PROC_CATEGORY_NL:
      return true;
    default:
      return false;
  }
}

bool may_continue_identifier(utf8proc_category_t category) {
  switch (category) {
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_PC:
      return true;
    default:
      return may_start_identifier(category);
  }
}

bool has_identifier_characters(std::string_view name, Language language) {
  const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(name.data());
  auto left = static_cast<utf8proc_ssize_t>(name.size());
  bool is_first = true;
  while (left > 0) {
    utf8proc_int32_t code_point = 0;
    const utf8proc_ssize_t length = utf8proc_iterate(bytes, left, &code_point);
    if (length <= 0) {
      return false;
    }
    const auto category = static_cast<utf8proc_category_t>(utf8proc_category(code_point));
    const bool allowed =
        code_point == '_' || (code_point == '$' && language == Language::java) ||
        (is_first ? may_start_identifier(category) : may_continue_identifier(category));
    if (!allowed) {
      return false;
    }
    is_first = false;
    bytes += length;
    left -= length;
  }
  return !is_first;
}

/// Whether a sub-word starts at `at`, whose left neighbour is no separator.
bool case_changes(std::string_view name, std::size_t at) {
  const char before = name[at - 1];
  return is_upper(name[at]) &&
         (is_lower(before) || is_digit(before) ||
          (is_upper(before) && at + 1 < name.size() && is_lower(name[at + 1])));
}

}  // namespace

std::vector<std::string_view> sub_words(std::string_view name) {
  constexpr std::string_view kSeparators = "_$";
  std::vector<std::string_view> words;
  std::size_t begin = 0;
  for (std::size_t at = 0; at <= name.size(); ++at) {
    const bool is_end = at == name.size() || kSeparators.find(name[at]) != std::string_view::npos;
    if (is_end || (at > begin && case_changes(name, at))) {
      if (at > begin) {
        words.push_back(name.substr(begin, at - begin));
      }
      begin = is_end ? at + 1 : at;
    }
  }
  return words;
}

const std::vector<std::string_view>& keywords(Language language) {
  // ISO C23, 6.4.1, with the underscored spellings of earlier editions.
  static const std::vector<std::string_view> c = {"_Alignas",
                                                  "_Alignof",
                                                  "_Atomic",
                                                  "_BitInt",
                                                  "_Bool",
                                                  "_Complex",
                                                  "_Decimal128",
                                                  "_Decimal32",
                                                  "_Decimal64",
                                                  "_Generic",
                                                  "_Imaginary",
                                                  "_Noreturn",
                                                  "_Static_assert",
                                                  "_Thread_local",
                                                  "alignas",
                                                  "alignof",
                                                  "auto",
                                                  "bool",
                                                  "break",
                                                  "case",
                                                  "char",
                                                  "const",
                                                  "constexpr",
                                                  "continue",
                                                  "default",
                                                  "do",
                                                  "double",
                                                  "else",
                                                  "enum",
                                                  "extern",
                                                  "false",
                                                  "float",
                                                  "for",
                                                  "goto",
                                                  "if",
                                                  "inline",
                                                  "int",
                                                  "long",
                                                  "nullptr",
                                                  "register",
                                                  "restrict",
                                                  "return",
                                                  "short",
                                                  "signed",
                                                  "sizeof",
                                                  "static",
                                                  "static_assert",
                                                  "struct",
                                                  "switch",
                                                  "thread_local",
                                                  "true",
                                                  "typedef",
                                                  "typeof",
                                                  "typeof_unqual",
                                                  "union",
                                                  "unsigned",
                                                  "void",
                                                  "volatile",
                                                  "while"};
  // ISO C++20, 5.11, with the alternative operator spellings.
  static const std::vector<std::string_view> cpp = {
      "alignas",       "alignof",     "and",
      "and_eq",        "asm",         "auto",
      "bitand",        "bitor",       "bool",
      "break",         "case",        "catch",
      "char",          "char16_t",    "char32_t",
      "char8_t",       "class",       "co_await",
      "co_return",     "co_yield",    "compl",
      "concept",       "const",       "const_cast",
      "consteval",     "constexpr",   "constinit",
      "continue",      "decltype",    "default",
      "delete",        "do",          "double",
      "dynamic_cast",  "else",        "enum",
      "explicit",      "export",      "extern",
      "false",         "float",       "for",
      "friend",        "goto",        "if",
      "inline",        "int",         "long",
      "mutable",       "namespace",   "new",
      "noexcept",      "not",         "not_eq",
      "nullptr",       "operator",    "or",
      "or_eq",         "private",     "protected",
      "public",        "register",    "reinterpret_cast",
      "requires",      "return",      "short",
      "signed",        "sizeof",      "static",
      "static_assert", "static_cast", "struct",
      "switch",        "template",    "this",
      "thread_local",  "throw",       "true",
      "try",           "typedef",     "typeid",
      "typename",      "union",       "unsigned",
      "using",         "virtual",     "void",
      "volatile",      "wchar_t",     "while",
      "xor",           "xor_eq"};
  // Java Language Specification 17, 3.9, with the reserved literals of 3.10.
  static const std::vector<std::string_view> java = {
      "_",       "abstract",  "assert",       "boolean",  "break",      "byte",    "case",
      "catch",   "char",      "class",        "const",    "continue",   "default", "do",
      "double",  "else",      "enum",         "extends",  "false",      "final",   "finally",
      "float",   "for",       "goto",         "if",       "implements", "import",  "instanceof",
      "int",     "interface", "long",         "native",   "new",        "null",    "package",
      "private", "protected", "public",       "return",   "short",      "static",  "strictfp",
      "super",   "switch",    "synchronized", "this",     "throw",      "throws",  "transient",
      "true",    "try",       "void",         "volatile", "while"};
  // Python 3 reference, 2.3.1.
  static const std::vector<std::string_view> python = {
      "False", "None",     "True",  "and",    "as",   "assert", "async",  "await",    "break",
      "class", "continue", "def",   "del",    "elif", "else",   "except", "finally",  "for",
      "from",  "global",   "if",    "import", "in",   "is",     "lambda", "nonlocal", "not",
      "or",    "pass",     "raise", "return", "try",  "while",  "with",   "yield"};
  switch (language) {
    case Language::cpp:
      return cpp;
    case Language::java:
      return java;
    case Language::python:
      return python;
    case Language::c:
      break;
  }
  return c;
}

bool is_valid_identifier(std::string_view name, Language language) {
  const auto& reserved = keywords(language);
  return has_identifier_characters(name, language) &&
         !std::binary_search(reserved.begin(), reserved.end(), name);
}

}  // namespace ncmlab
