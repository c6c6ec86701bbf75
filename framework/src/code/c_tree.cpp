// SPDX-License-Identifier: Apache-2.0
#include "code/c_tree.hpp"

#include "code/findings.hpp"

namespace ncmlab::detail {
namespace {

constexpr auto kNone = Tree::kNone;

bool is_name(const Tree& tree, std::uint32_t node) {
  return tree.is(node, {"identifier", "field_identifier", "qualified_identifier",
                        "template_function", "destructor_name", "operator_name"});
}

/// The declarator inside a pointer, array, parenthesised, attributed or reference declarator.
std::uint32_t inner_declarator(const Tree& tree, std::uint32_t declarator) {
  const std::uint32_t inner = tree.child_by_field(declarator, "declarator");
  if (inner != kNone) {
    return inner;
  }
  for (auto child = tree.first_child(declarator); child != kNone;
       child = tree.next_sibling(child)) {
    const std::string_view kind = tree[child].kind;
    if (is_name(tree, child) || kind.find("_declarator") != std::string_view::npos) {
      return child;
    }
  }
  return kNone;
}

std::uint32_t skip_parentheses(const Tree& tree, std::uint32_t declarator) {
  while (declarator != kNone && tree[declarator].kind == "parenthesized_declarator") {
    declarator = inner_declarator(tree, declarator);
  }
  return declarator;
}

/// `NAME` of a header `MACRO(NAME)(int x)`; kNone for other argument lists.
std::uint32_t only_macro_argument(const Tree& tree, std::uint32_t parameters) {
  std::uint32_t argument = kNone;
  for (auto child = tree.first_child(parameters); child != kNone;
       child = tree.next_sibling(child)) {
    if (!tree[child].is_named) {
      continue;
    }
    if (argument != kNone) {
      return kNone;
    }
    argument = child;
  }
  if (argument == kNone || tree[argument].kind == "identifier") {
    return argument;
  }
  const std::uint32_t type = tree.first_child(argument);
  return type != kNone && tree[type].kind == "type_identifier" && tree.next_sibling(type) == kNone
             ? type
             : kNone;
}

/// The identifier that a qualified name ends with; kNone for constructors, destructors, operators.
std::uint32_t unqualified_name(const Tree& tree, std::uint32_t name) {
  while (name != kNone && tree.is(name, {"qualified_identifier", "template_function"})) {
    const std::uint32_t scope = tree.child_by_field(name, "scope");
    const std::uint32_t last = tree.child_by_field(name, "name");
    if (scope != kNone && last != kNone && tree.text(scope) == tree.text(last)) {
      return kNone;
    }
    name = last;
  }
  return name != kNone && tree.is(name, {"identifier", "field_identifier"}) ? name : kNone;
}

void read_function_declarator(const Tree& tree, std::uint32_t declarator, CFunction& function) {
  while (declarator != kNone) {
    if (is_name(tree, declarator)) {
      function.name = unqualified_name(tree, declarator);
      return;
    }
    std::uint32_t inner = inner_declarator(tree, declarator);
    if (tree[declarator].kind == "function_declarator") {
      function.parameters = tree.child_by_field(declarator, "parameters");
      if (inner != kNone && tree[inner].kind == "function_declarator") {
        function.name = only_macro_argument(tree, tree.child_by_field(inner, "parameters"));
        return;
      }
    }
    declarator = inner;
  }
}

bool is_preprocessor_group(const Tree& tree, std::uint32_t node) {
  return tree.is(
      node, {"preproc_if", "preproc_ifdef", "preproc_else", "preproc_elif", "preproc_elifdef"});
}

bool is_declaration(const Tree& tree, std::uint32_t node) {
  return tree.is(node, {"declaration", "type_definition", "struct_specifier", "enum_specifier",
                        "union_specifier", "static_assert_declaration"});
}

bool is_statement(const Tree& tree, std::uint32_t node) {
  const std::string_view kind = tree[node].kind;
  return is_declaration(tree, node) || kind == "for_range_loop" || kind == "alias_declaration" ||
         kind == "using_declaration" ||
         (kind != "case_statement" && kind.size() > 10 &&
          kind.substr(kind.size() - 10) == "_statement");
}

/// Whether statements may follow the label: not so in `switch (x) case 1: f();`, which the grammar
/// reads as an error and a label after it.
bool stands_in_block(const Tree& tree, std::uint32_t label) {
  const std::uint32_t parent = tree[label].parent;
  std::uint32_t previous = kNone;
  for (auto child = tree.first_child(parent); child != label; child = tree.next_sibling(child)) {
    previous = child;
  }
  return (tree[parent].kind == "compound_statement" || is_preprocessor_group(tree, parent)) &&
         (previous == kNone || tree[previous].kind != "ERROR");
}

/// Walks the children of a block and of the conditional groups in it, in order of the text.
class BlockWalk {
 public:
  BlockWalk(const Tree& tree, Language language, std::vector<std::size_t>& positions)
      : tree_(tree), is_c_(language == Language::c), positions_(positions) {}

  void block(std::uint32_t node, bool may_begin_with_declarations) {
    bool declarations_over = !is_c_ || !may_begin_with_declarations;
    std::vector<std::uint32_t> open;
    std::uint32_t previous = kNone;
    std::uint32_t child = tree_.first_child(node);
    while (true) {
      if (child == kNone) {
        if (open.empty()) {
          return;
        }
        previous = open.back();
        child = tree_.next_sibling(open.back());
        open.pop_back();
      } else if (is_preprocessor_group(tree_, child)) {
        open.push_back(child);
        child = tree_.first_child(child);
      } else {
        if (is_statement(tree_, child) && tree_[child].field != "value") {
          declarations_over = declarations_over || !is_declaration(tree_, child);
          if (declarations_over && is_recognised_statement(tree_, child, previous)) {
            positions_.push_back(tree_[child].begin);
          }
        } else if (tree_[child].kind == "case_statement") {
          declarations_over = true;
        }
        // A comment between two statements says nothing of the first one's end.
        previous = tree_[child].kind == "comment" && previous != kNone ? previous : child;
        child = tree_.next_sibling(child);
      }
    }
  }

 private:
  const Tree& tree_;
  bool is_c_;
  std::vector<std::size_t>& positions_;
};

std::size_t count_named(const Tree& tree, std::uint32_t list, std::string_view except = {}) {
  std::size_t count = 0;
  for (auto child = tree.first_child(list); child != kNone; child = tree.next_sibling(child)) {
    const bool counts =
        tree[child].is_named && tree[child].kind != "comment" && tree[child].kind != except;
    count += counts ? 1 : 0;
  }
  return count;
}

bool is_pragma(const Tree& tree, std::uint32_t node) {
  return tree[node].kind == "preproc_call" &&
         tree.text(tree.first_child(node)).find("pragma") != std::string_view::npos;
}

/// What a pragma governs: the statement after it and after other directives; kNone if none follows.
std::uint32_t governed_by(const Tree& tree, std::uint32_t pragma) {
  std::uint32_t next = tree.next_sibling(pragma);
  while (next != kNone && tree.is(next, {"comment", "preproc_call"})) {
    next = tree.next_sibling(next);
  }
  return next;
}

/// The ranges in which no statement may be inserted.
std::vector<ByteRange> closed_ranges(const Tree& tree, Language language) {
  std::vector<ByteRange> ranges;
  for (std::uint32_t i = 0; i < tree.size(); ++i) {
    if (is_pragma(tree, i)) {
      if (const std::uint32_t governed = governed_by(tree, i); governed != kNone) {
        ranges.push_back(tree.range(governed));
      }
    } else if (language == Language::c && tree[i].kind == "argument_list") {
      ranges.push_back(tree.range(i));
    }
  }
  return ranges;
}

}  // namespace

CFunction find_c_function(const Tree& tree) {
  CFunction function;
  for (std::uint32_t i = 0; i < tree.size(); ++i) {
    if (tree[i].kind == "function_definition") {
      const std::uint32_t body = tree.child_by_field(i, "body");
      if (body != kNone && tree[body].kind == "compound_statement") {
        function.definition = i;
        function.body = body;
        const std::uint32_t declarator = tree.child_by_field(i, "declarator");
        read_function_declarator(tree, declarator, function);
        const bool is_member =
            function.name != kNone && tree[function.name].kind == "field_identifier";
        if (is_member && tree.child_by_field(i, "type") == kNone) {
          function.name = kNone;
        }
        return function;
      }
    }
  }
  for (std::uint32_t i = 0; i < tree.size(); ++i) {
    if (tree[i].kind == "function_declarator" && tree[tree[i].parent].kind != "declaration") {
      read_function_declarator(tree, i, function);
      return function;
    }
  }
  return function;
}

CDeclarator read_declarator(const Tree& tree, std::uint32_t declarator) {
  CDeclarator result;
  while (declarator != kNone && !is_name(tree, declarator)) {
    std::uint32_t inner = inner_declarator(tree, declarator);
    if (tree[declarator].kind == "function_declarator") {
      inner = skip_parentheses(tree, inner);
      result.has_parameters = true;
      result.is_prototype = inner != kNone && is_name(tree, inner);
      result.parameters = tree.child_by_field(declarator, "parameters");
    }
    declarator = inner;
  }
  if (declarator != kNone && tree[declarator].kind == "identifier") {
    result.name = declarator;
  }
  return result;
}

bool is_data_type(const Tree& tree, std::uint32_t declaration, Language language) {
  const std::uint32_t type = tree.child_by_field(declaration, "type");
  if (type == kNone) {
    return false;
  }
  return tree.is(type, {"primitive_type", "sized_type_specifier", "enum_specifier"}) ||
         (language == Language::c && tree.is(type, {"struct_specifier", "union_specifier"}));
}

bool is_call_through_this(const Tree& tree, std::uint32_t field) {
  const std::uint32_t access = tree[field].parent;
  return tree[access].kind == "field_expression" && tree[access].field == "function" &&
         tree.first_child(access) != kNone && tree[tree.first_child(access)].kind == "this";
}

bool has_fitting_arguments(const Tree& tree, std::uint32_t name, std::uint32_t parameters,
                           Language language) {
  std::uint32_t callee = name;
  while (callee != 0 && tree[callee].kind != "call_expression" &&
         (callee == name || tree.is(callee, {"field_expression", "template_function"}))) {
    callee = tree[callee].parent;
  }
  if (language == Language::c || tree[callee].kind != "call_expression" || parameters == kNone) {
    return true;
  }
  const std::uint32_t arguments = tree.child_by_field(callee, "arguments");
  if (arguments == kNone || arguments <= name) {
    return true;
  }
  const std::string_view text = tree.text(parameters);
  const bool is_variadic = text.find("...") != std::string_view::npos;
  const bool is_void = text == "(void)";
  const std::size_t most = is_void ? 0 : count_named(tree, parameters);
  const std::size_t least =
      is_void ? 0 : count_named(tree, parameters, "optional_parameter_declaration");
  const std::size_t count = count_named(tree, arguments);
  return is_variadic || (least <= count && count <= most);
}

std::vector<std::size_t> c_statement_positions(const Tree& tree, std::uint32_t first,
                                               std::uint32_t last, Language language) {
  std::vector<std::size_t> positions;
  BlockWalk walk(tree, language, positions);
  for (std::uint32_t i = first; i < last; ++i) {
    if (tree[i].kind == "compound_statement") {
      walk.block(i, true);
    } else if (tree[i].kind == "case_statement" && stands_in_block(tree, i)) {
      walk.block(i, false);
    }
  }
  sort_positions(positions);
  for (const ByteRange& closed : closed_ranges(tree, language)) {
    std::erase_if(positions, [&](std::size_t position) {
      return closed.begin <= position && position < closed.end;
    });
  }
  return positions;
}

}  // namespace ncmlab::detail
