// SPDX-License-Identifier: Apache-2.0
#include <unordered_set>

#include "code/findings.hpp"
#include "code/literals.hpp"
#include "code/python_fixed_names.hpp"
#include "code/python_scopes.hpp"

namespace ncmlab::detail {
namespace {

constexpr auto kNone = Tree::kNone;

class PythonAnalysis {
 public:
  PythonAnalysis(const Tree& tree, std::string_view source)
      : tree_(tree), source_(source), scopes_(tree) {
    if (scopes_.function() != kNone) {
      name_ = tree.child_by_field(scopes_.function(), "name");
    }
    if (name_ != kNone) {
      function_name_ = tree.text(name_);
    }
  }

  Syntax run() {
    for (const std::string_view name : scopes_.blocked()) {
      occurrences_.block_variable(name);
    }
    is_method_ = takes_self();
    const PythonFixedNames fixed = find_python_fixed_names(tree_, scopes_, name_, is_method_);
    block(fixed);
    for (std::uint32_t i = 0; i < tree_.size(); ++i) {
      if (tree_[i].kind == "identifier") {
        refer(i);
      }
    }
    Syntax syntax;
    syntax.identifiers = occurrences_.identifiers();
    syntax.withheld = occurrences_.withheld();
    const std::uint32_t function = scopes_.function();
    const std::uint32_t body = function == kNone ? kNone : tree_.child_by_field(function, "body");
    if (body != kNone) {
      syntax.body = tree_.range(body);
      syntax.statements = statements_in(tree_, body);
      if (tree_.error_cost() == 0) {
        syntax.integer_literals = find_integer_literals(tree_, *syntax.body, Language::python);
      }
      if (!fixed.lines) {
        collect_positions(function, syntax.statement_positions);
      }
    }
    return syntax;
  }

 private:
  /// By convention; in a method the bare name of the method is another function's.
  bool takes_self() const {
    if (scopes_.function() == kNone) {
      return false;
    }
    const std::uint32_t parameters = tree_.child_by_field(scopes_.function(), "parameters");
    for (auto child = parameters == kNone ? kNone : tree_.first_child(parameters); child != kNone;
         child = tree_.next_sibling(child)) {
      if (tree_[child].is_named) {
        return tree_.text(child) == "self" || tree_.text(child) == "cls";
      }
    }
    return false;
  }

  void block(const PythonFixedNames& fixed) {
    for (const std::string_view name : fixed.variables) {
      occurrences_.block_variable(name);
    }
    if (fixed.all_variables) {
      occurrences_.block_all_variables();
    }
    if (fixed.function) {
      occurrences_.block_function();
    }
  }

  void refer(std::uint32_t i) {
    const std::string_view name = tree_.text(i);
    const bool is_own_attribute =
        is_method_ && name == function_name_ && tree_[i].field == "attribute";
    if (i == name_ || is_own_attribute) {
      occurrences_.add_function(name, tree_.range(i));
      return;
    }
    if (!may_be_reference(i)) {
      return;
    }
    switch (scopes_.resolve(i)) {
      case PythonScopes::Meaning::parameter:
        occurrences_.add_variable(name, IdentifierKind::parameter, tree_.range(i));
        break;
      case PythonScopes::Meaning::local_variable:
        occurrences_.add_variable(name, IdentifierKind::local_variable, tree_.range(i));
        break;
      case PythonScopes::Meaning::outside:
        if (name == function_name_ && !is_method_) {
          occurrences_.add_function(name, tree_.range(i));
        }
        break;
      case PythonScopes::Meaning::fixed:
        break;
    }
  }

  bool may_be_reference(std::uint32_t i) const {
    const std::uint32_t parent = tree_[i].parent;
    const std::string_view field = tree_[i].field;
    if (tree_[parent].kind == "attribute") {
      return field == "object";
    }
    if (tree_[parent].kind == "keyword_argument") {
      return field != "name";
    }
    if (tree_[parent].kind == "keyword_pattern") {
      return tree_.first_child(parent) != i;
    }
    if (tree_[parent].kind == "dotted_name") {
      // Of `a.b` only `a` is a name; in an import neither is.
      return tree_.first_child(parent) == i &&
             !tree_.is(tree_[parent].parent,
                       {"import_statement", "import_from_statement", "aliased_import",
                        "future_import_statement", "relative_import"});
    }
    return tree_[parent].kind != "global_statement";
  }

  void collect_positions(std::uint32_t function, std::vector<std::size_t>& positions) const {
    for (std::uint32_t i = function; i < tree_[function].subtree_end; ++i) {
      if (tree_[i].kind != "block" || tree_[tree_[i].parent].kind == "class_definition") {
        continue;
      }
      const bool is_function_body = tree_[tree_[i].parent].kind == "function_definition";
      std::uint32_t previous = kNone;
      for (auto child = tree_.first_child(i); child != kNone; child = tree_.next_sibling(child)) {
        if (tree_[child].kind == "comment") {
          continue;
        }
        const bool is_docstring = is_function_body && previous == kNone && is_string(child);
        if (!is_docstring && is_position(child, previous)) {
          positions.push_back(tree_[child].begin);
        }
        previous = child;
      }
    }
    sort_positions(positions);
  }

  bool is_string(std::uint32_t statement) const {
    const std::uint32_t expression = tree_.first_child(statement);
    return tree_[statement].kind == "expression_statement" && expression != kNone &&
           tree_.is(expression, {"string", "concatenated_string"}) &&
           tree_.next_sibling(expression) == kNone;
  }

  /// A statement that begins its line, or the first one after the colon on the same line.
  bool is_position(std::uint32_t child, std::uint32_t previous) const {
    if (!is_recognised_statement(tree_, child, previous) ||
        tree_.is(child, {"case_clause", "global_statement", "nonlocal_statement"})) {
      return false;
    }
    const std::size_t begin = tree_[child].begin;
    const std::size_t newline = source_.rfind('\n', begin == 0 ? 0 : begin - 1);
    const std::size_t line =
        newline == std::string_view::npos || newline >= begin ? 0 : newline + 1;
    const bool begins_line =
        source_.substr(line, begin - line).find_first_not_of(" \t\f") == std::string_view::npos;
    if (!begins_line) {
      return previous == kNone;
    }
    const std::size_t last =
        line == 0 ? std::string_view::npos : source_.find_last_not_of("\r\n", line - 1);
    return last == std::string_view::npos || source_[last] != '\\';
  }

  const Tree& tree_;
  std::string_view source_;
  PythonScopes scopes_;
  std::uint32_t name_ = kNone;
  std::string_view function_name_;
  bool is_method_ = false;
  Occurrences occurrences_;
};

}  // namespace

Syntax analyse_python(std::string_view source) {
  const Tree tree(source, Language::python);
  Syntax syntax = PythonAnalysis(tree, source).run();
  syntax.has_error = tree.error_cost() != 0;
  return syntax;
}

}  // namespace ncmlab::detail
