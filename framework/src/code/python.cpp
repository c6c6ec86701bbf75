// SPDX-License-Identifier: Apache-2.0
#include <unordered_set>

#include "code/findings.hpp"
#include "code/literals.hpp"
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
    for (std::uint32_t i = 0; i < tree_.size(); ++i) {
      if (tree_[i].kind == "identifier") {
        refer(i);
      } else if (tree_[i].kind == "call") {
        inspect_call(i);
      } else if (tree_[i].kind == "exec_statement") {
        occurrences_.block_all_variables();
      }
    }
    Syntax syntax;
    syntax.identifiers = occurrences_.identifiers();
    const std::uint32_t function = scopes_.function();
    const std::uint32_t body = function == kNone ? kNone : tree_.child_by_field(function, "body");
    if (body != kNone) {
      syntax.body = tree_.range(body);
      if (tree_.error_cost() == 0) {
        syntax.integer_literals = find_integer_literals(tree_, *syntax.body, Language::python);
      }
      collect_positions(function, syntax.statement_positions);
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

  void refer(std::uint32_t i) {
    const std::string_view name = tree_.text(i);
    if (i == name_) {
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

  void inspect_call(std::uint32_t call) {
    const std::uint32_t callee = tree_.child_by_field(call, "function");
    const std::uint32_t arguments = tree_.child_by_field(call, "arguments");
    if (callee == kNone || arguments == kNone) {
      return;
    }
    const bool is_bare = tree_[callee].kind == "identifier";
    const std::string_view name = tree_.text(callee);
    if (is_bare && (name == "locals" || name == "eval" || name == "exec" ||
                    (name == "vars" && tree_.text(arguments) == "()"))) {
      occurrences_.block_all_variables();
    }
    const std::uint32_t attribute =
        tree_[callee].kind == "attribute" ? tree_.child_by_field(callee, "attribute") : kNone;
    const std::string_view called = attribute == kNone ? name : tree_.text(attribute);
    const bool is_this_function = called == function_name_ && !(is_bare && is_method_);
    if (!is_this_function && !(is_bare && scopes_.is_local_function(name))) {
      return;
    }
    // A keyword of a call to a function of this text names that function's parameter.
    for (auto child = tree_.first_child(arguments); child != kNone;
         child = tree_.next_sibling(child)) {
      if (tree_[child].kind == "keyword_argument") {
        occurrences_.block_variable(tree_.text(tree_.first_child(child)));
      }
    }
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
