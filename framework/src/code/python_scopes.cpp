// SPDX-License-Identifier: Apache-2.0
#include "code/python_scopes.hpp"

namespace ncmlab::detail {
namespace {

constexpr auto kNone = Tree::kNone;
constexpr std::uint32_t kModule = 0;

bool is_comprehension(const Tree& tree, std::uint32_t node) {
  return tree.is(node, {"list_comprehension", "set_comprehension", "dictionary_comprehension",
                        "generator_expression"});
}

std::uint32_t first_named_child(const Tree& tree, std::uint32_t node) {
  auto child = tree.first_child(node);
  while (child != kNone && !tree[child].is_named) {
    child = tree.next_sibling(child);
  }
  return child;
}

bool is_first_for_clause(const Tree& tree, std::uint32_t clause) {
  for (auto child = tree.first_child(tree[clause].parent); child != kNone;
       child = tree.next_sibling(child)) {
    if (tree[child].kind == "for_in_clause") {
      return child == clause;
    }
  }
  return false;
}

}  // namespace

PythonScopes::PythonScopes(const Tree& tree) : tree_(tree) {
  for (std::uint32_t i = 0; i < tree.size() && function_ == kNone; ++i) {
    function_ = tree[i].kind == "function_definition" ? i : kNone;
  }
  scopes_.push_back({Kind::module, kModule, false, {}, {}});
  scope_of_.assign(tree.size(), kModule);
  opened_by_.assign(tree.size(), kNone);
  for (std::uint32_t i = 0; i < tree.size(); ++i) {
    assign_scope(i);
    if (tree[i].kind == "global_statement" || tree[i].kind == "nonlocal_statement") {
      declare_elsewhere(i, tree[i].kind == "global_statement");
    }
  }
  for (std::uint32_t i = 0; i < tree.size(); ++i) {
    if (i == function_ || scopes_[scope_of_[i]].is_inside) {
      bind(i);
    }
  }
}

void PythonScopes::assign_scope(std::uint32_t i) {
  const std::uint32_t parent = tree_[i].parent;
  const std::string_view field = tree_[i].field;
  std::uint32_t scope = scope_of_[parent];
  const std::uint32_t opened = opened_by_[parent];
  if (i != 0 && opened != kNone) {
    // Names, decorators, return types and base classes belong to the scope around.
    const bool is_within = is_comprehension(tree_, parent) || field == "body" ||
                           (field == "parameters" && scopes_[opened].kind == Kind::function) ||
                           (field.empty() && tree_[i].kind == "block");
    scope = is_within ? opened : scope;
  }
  const bool is_default_or_type =
      (field == "value" || field == "type") &&
      tree_.is(parent, {"default_parameter", "typed_default_parameter", "typed_parameter"});
  const bool is_first_iterable = field == "right" && tree_[parent].kind == "for_in_clause" &&
                                 is_first_for_clause(tree_, parent);
  if (is_default_or_type || is_first_iterable) {
    scope = scopes_[scope].parent;  // evaluated where the function or comprehension stands
  }
  scope_of_[i] = scope;

  const std::string_view kind = tree_[i].kind;
  if (!tree_[i].is_named) {
    return;
  }
  if (kind == "function_definition" || kind == "lambda" || kind == "class_definition" ||
      is_comprehension(tree_, i)) {
    const Kind scope_kind = kind == "class_definition"   ? Kind::class_body
                            : is_comprehension(tree_, i) ? Kind::comprehension
                                                         : Kind::function;
    opened_by_[i] = static_cast<std::uint32_t>(scopes_.size());
    const bool is_inside = i == function_ || scopes_[scope].is_inside;
    scopes_.push_back({scope_kind, scope, is_inside, {}, {}});
  }
}

void PythonScopes::declare_elsewhere(std::uint32_t statement, bool is_global) {
  for (auto child = tree_.first_child(statement); child != kNone;
       child = tree_.next_sibling(child)) {
    if (tree_[child].kind == "identifier") {
      Scope& scope = scopes_[scope_of_[statement]];
      scope.declared_elsewhere.insert(tree_.text(child));
      if (is_global && scope.is_inside) {
        blocked_.insert(tree_.text(child));
      }
    }
  }
}

void PythonScopes::bind(std::uint32_t i) {
  const std::string_view kind = tree_[i].kind;
  const std::uint32_t parent = tree_[i].parent;
  if (!tree_[i].is_named) {
    return;
  }
  if (kind == "parameters" || kind == "lambda_parameters") {
    bind_parameters(i);
  } else if (kind == "assignment" || kind == "augmented_assignment" || kind == "for_statement" ||
             kind == "for_in_clause") {
    const std::uint32_t left = tree_.child_by_field(i, "left");
    bind_target(left, Meaning::local_variable);
    if (left != kNone && tree_[parent].kind == "list_comprehension") {
      for (std::uint32_t at = left; at < tree_[left].subtree_end; ++at) {
        leaked_.insert(tree_.text(at));
      }
    }
  } else if (kind == "named_expression") {
    std::uint32_t scope = scope_of_[i];
    while (scopes_[scope].kind == Kind::comprehension) {
      scope = scopes_[scope].parent;
    }
    bind_name(tree_.child_by_field(i, "name"), scope, Meaning::local_variable);
  } else if (kind == "as_pattern_target") {
    bind_target(i, Meaning::local_variable);
  } else if (kind == "except_clause") {
    bind_target(tree_.child_by_field(i, "alias"), Meaning::local_variable);
  } else if (kind == "import_statement" || kind == "import_from_statement") {
    bind_import(i);
  } else if (kind == "function_definition" && i != function_) {
    const std::uint32_t name = tree_.child_by_field(i, "name");
    bind_target(name, Meaning::local_variable);
  } else if (kind == "class_definition") {
    bind_fixed(tree_.child_by_field(i, "name"));
  } else if (kind == "dotted_name" && tree_.is(parent, {"case_pattern", "keyword_pattern"})) {
    const std::uint32_t only = tree_.first_child(i);
    if (only != kNone && tree_.next_sibling(only) == kNone && tree_.text(only) != "_") {
      bind_target(only, Meaning::local_variable);
    }
  } else if (kind == "splat_pattern") {
    bind_target(first_named_child(tree_, i), Meaning::local_variable);
  }
}

std::uint32_t PythonScopes::parameter_name(std::uint32_t parameter) const {
  if (tree_.is(parameter, {"default_parameter", "typed_default_parameter"})) {
    return tree_.child_by_field(parameter, "name");
  }
  return tree_[parameter].kind == "typed_parameter" ? first_named_child(tree_, parameter)
                                                    : parameter;
}

void PythonScopes::bind_parameters(std::uint32_t list) {
  const bool is_own = tree_[list].parent == function_;
  for (auto child = tree_.first_child(list); child != kNone; child = tree_.next_sibling(child)) {
    const std::uint32_t name = parameter_name(child);
    bind_target(name, is_own ? Meaning::parameter : Meaning::local_variable);
    if (!is_own && name != kNone) {
      inner_parameters_.insert(tree_.text(name));
    }
  }
}

void PythonScopes::bind_import(std::uint32_t statement) {
  for (auto child = tree_.first_child(statement); child != kNone;
       child = tree_.next_sibling(child)) {
    if (tree_[child].field != "name") {
      continue;
    }
    if (tree_[child].kind == "aliased_import") {
      bind_target(tree_.child_by_field(child, "alias"), Meaning::local_variable);
    } else {
      bind_fixed(tree_.first_child(child));
    }
  }
}

void PythonScopes::bind_fixed(std::uint32_t identifier) {
  if (identifier != kNone) {
    blocked_.insert(tree_.text(identifier));
    bind_name(identifier, scope_of_[identifier], Meaning::fixed);
  }
}

void PythonScopes::bind_target(std::uint32_t target, Meaning meaning) {
  if (target == kNone) {
    return;
  }
  const std::uint32_t end = tree_[target].subtree_end;
  std::uint32_t i = target;
  while (i < end) {
    if (tree_[i].kind == "identifier") {
      bind_name(i, scope_of_[i], meaning);
    }
    const bool holds_targets =
        tree_.is(i, {"pattern_list", "tuple_pattern", "list_pattern", "list_splat_pattern",
                     "dictionary_splat_pattern", "as_pattern_target", "tuple", "list", "list_splat",
                     "parenthesized_expression", "expression_list"});
    i = holds_targets ? i + 1 : tree_[i].subtree_end;
  }
}

void PythonScopes::bind_name(std::uint32_t identifier, std::uint32_t scope, Meaning meaning) {
  if (identifier == kNone || tree_[identifier].kind != "identifier" || !scopes_[scope].is_inside) {
    return;
  }
  const std::string_view name = tree_.text(identifier);
  Scope& owner = scopes_[scope];
  if (owner.declared_elsewhere.count(name) != 0) {
    return;
  }
  if (owner.kind == Kind::class_body) {
    blocked_.insert(name);
    meaning = Meaning::fixed;
  }
  owner.names.try_emplace(name, meaning);
}

PythonScopes::Meaning PythonScopes::resolve(std::uint32_t identifier) const {
  const std::string_view name = tree_.text(identifier);
  const std::uint32_t start = scope_of_[identifier];
  for (std::uint32_t scope = start; scopes_[scope].is_inside; scope = scopes_[scope].parent) {
    const Scope& at = scopes_[scope];
    if (at.kind == Kind::class_body && scope != start) {
      continue;
    }
    const auto found = at.names.find(name);
    if (found != at.names.end()) {
      return found->second;
    }
  }
  return Meaning::outside;
}

}  // namespace ncmlab::detail
