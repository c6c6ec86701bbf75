// SPDX-License-Identifier: Apache-2.0
#include "code/literals.hpp"

#include <algorithm>

#include "code/c_fixed_names.hpp"
#include "ncmlab/core/ascii.hpp"

namespace ncmlab::detail {
namespace {

constexpr auto kNone = Tree::kNone;
/// Longer numbers may not fit the type that the expression has.
constexpr std::size_t kMostDigits = 4;

std::string_view literal_kind(Language language) {
  switch (language) {
    case Language::java:
      return "decimal_integer_literal";
    case Language::python:
      return "integer";
    case Language::c:
    case Language::cpp:
      break;
  }
  return "number_literal";
}

bool is_plain_decimal(std::string_view text) {
  return !text.empty() && text.size() <= kMostDigits && text.front() != '0' && text != "1" &&
         std::all_of(text.begin(), text.end(), is_digit);
}

/// A macro may paste or stringify its arguments, and what is called by its bare name may be one
/// unless it is a function of the C library.
bool may_be_macro_call(const Tree& tree, std::uint32_t node) {
  if (tree[node].kind != "call_expression") {
    return false;
  }
  const std::uint32_t callee = tree.child_by_field(node, "function");
  return callee == kNone ||
         (tree[callee].kind == "identifier" && !is_c_library_function(tree.text(callee)));
}

/// Whether an expression is no substitute for a literal below `node`.
bool is_literal_only(const Tree& tree, std::uint32_t node) {
  const std::string_view kind = tree[node].kind;
  const bool is_condition =
      tree[node].field == "condition" && tree[tree[node].parent].kind.substr(0, 8) == "preproc_";
  return is_condition || may_be_macro_call(tree, node) || kind.ends_with("_pattern") ||
         tree.is(node, {"attribute_specifier", "attribute_declaration", "ms_declspec_modifier",
                        "gnu_asm_expression", "preproc_def", "preproc_function_def", "preproc_call",
                        "user_defined_literal", "annotation", "type", "interpolation", "ERROR"});
}

}  // namespace

std::vector<ByteRange> find_integer_literals(const Tree& tree, const ByteRange& body,
                                             Language language) {
  const std::string_view wanted = literal_kind(language);
  std::vector<ByteRange> literals;
  std::uint32_t i = 0;
  while (i < tree.size()) {
    if (is_literal_only(tree, i)) {
      i = tree[i].subtree_end;
      continue;
    }
    const ByteRange range = tree.range(i);
    const bool is_inside = range.begin >= body.begin && range.end <= body.end;
    if (tree[i].kind == wanted && is_inside && is_plain_decimal(tree.text(i))) {
      literals.push_back(range);
    }
    ++i;
  }
  return literals;
}

}  // namespace ncmlab::detail
