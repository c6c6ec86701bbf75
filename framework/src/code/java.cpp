// SPDX-License-Identifier: Apache-2.0
#include <optional>
#include <unordered_set>

#include "code/findings.hpp"
#include "code/literals.hpp"
#include "ncmlab/code/edit.hpp"

namespace ncmlab::detail {
namespace {

constexpr auto kNone = Tree::kNone;

class JavaAnalysis {
 public:
  JavaAnalysis(const Tree& tree, std::string_view source) : tree_(tree), source_(source) {
    for (std::uint32_t i = 0; i < tree.size(); ++i) {
      if (tree.is(i, {"method_declaration", "constructor_declaration"})) {
        function_ = i;
        break;
      }
    }
    top_ = function_ == kNone ? 0 : function_;
    if (function_ != kNone && tree[function_].kind == "method_declaration") {
      name_ = tree.child_by_field(function_, "name");
    }
    if (name_ != kNone) {
      function_name_ = tree.text(name_);
    }
  }

  Syntax run() {
    for (std::uint32_t i = top_; i < tree_[top_].subtree_end; ++i) {
      declare(i);
    }
    for (std::uint32_t i = 0; i < tree_.size(); ++i) {
      if (tree_[i].kind == "identifier") {
        refer(i);
      }
    }
    const bool reads_stack =
        uses_word(source_, "getStackTrace") || uses_word(source_, "StackWalker");
    if (reads_stack || uses_word(source_, "getEnclosingMethod") ||
        uses_word(source_, "\"" + std::string(function_name_) + "\"")) {
      occurrences_.block_function();
    }
    Syntax syntax;
    syntax.identifiers = occurrences_.identifiers();
    syntax.withheld = occurrences_.withheld();
    if (!reads_stack) {
      collect_positions(syntax.statement_positions);
    }
    const std::uint32_t body = function_ == kNone ? kNone : tree_.child_by_field(function_, "body");
    if (body != kNone) {
      syntax.body = tree_.range(body);
      syntax.statements = statements_in(tree_, body);
      if (tree_.error_cost() == 0) {
        syntax.integer_literals = find_integer_literals(tree_, *syntax.body, Language::java);
      }
    }
    return syntax;
  }

 private:
  void declare(std::uint32_t i) {
    const std::string_view kind = tree_[i].kind;
    if (kind == "variable_declarator") {
      const std::uint32_t parent = tree_[i].parent;
      const std::uint32_t name = tree_.child_by_field(i, "name");
      if (name != kNone && tree_.is(parent, {"field_declaration", "constant_declaration"})) {
        occurrences_.block_variable(tree_.text(name));
      } else {
        add(name, tree_[parent].kind == "spread_parameter" && is_own_parameter(parent));
      }
    } else if (kind == "formal_parameter" && is_record_component(i)) {
      block(tree_.child_by_field(i, "name"));  // accessors have its name, too
    } else if (kind == "formal_parameter") {
      add(tree_.child_by_field(i, "name"), is_own_parameter(i));
    } else if (kind == "catch_formal_parameter" || kind == "enhanced_for_statement" ||
               kind == "resource") {
      add(tree_.child_by_field(i, "name"), false);
    } else if (kind == "instanceof_expression") {
      add_pattern(tree_.child_by_field(i, "name"));
    } else if (kind == "type_pattern" || kind == "record_pattern_component") {
      add_pattern(last_identifier(i));
    } else if (kind == "enum_constant") {
      block(tree_.child_by_field(i, "name"));
    } else if (kind == "inferred_parameters") {
      for (auto child = tree_.first_child(i); child != kNone; child = tree_.next_sibling(child)) {
        add(child, false);
      }
    } else if (kind == "lambda_expression") {
      add(tree_.child_by_field(i, "parameters"), false);
    }
  }

  std::uint32_t last_identifier(std::uint32_t node) const {
    std::uint32_t last = kNone;
    for (auto child = tree_.first_child(node); child != kNone; child = tree_.next_sibling(child)) {
      last = tree_[child].kind == "identifier" ? child : last;
    }
    return last;
  }

  void block(std::uint32_t name) {
    if (name != kNone) {
      occurrences_.block_variable(tree_.text(name));
    }
  }

  bool is_record_component(std::uint32_t parameter) const {
    return tree_[tree_[tree_[parameter].parent].parent].kind == "record_declaration";
  }

  /// A pattern's variable is in scope where the pattern matched (Java language
  /// specification, 6.3.1): here in the operands of `&&` after it, what is done where the condition
  /// holds, and its switch rule. Of a name that stands elsewhere, too, it is not known what it
  /// means there.
  void add_pattern(std::uint32_t name) {
    if (name == kNone) {
      return;
    }
    const std::uint32_t within = tree_.ancestor(
        name, {"instanceof_expression", "switch_rule", "switch_block_statement_group"}, top_);
    if (within == kNone) {
      block(name);
      return;
    }
    pattern_names_.insert(tree_.text(name));
    const std::size_t end = tree_[within].kind == "instanceof_expression"
                                ? end_of_match(within)
                                : std::size_t{tree_[within].end};
    declarations_.add(tree_.text(name), {IdentifierKind::local_variable, {tree_[name].begin, end}});
  }

  std::size_t end_of_match(std::uint32_t at) const {
    while (true) {
      const std::uint32_t parent = tree_[at].parent;
      const bool is_and = tree_[parent].kind == "binary_expression" &&
                          tree_.text(tree_.next_sibling(tree_.first_child(parent))) == "&&";
      if (!is_and && tree_[parent].kind != "parenthesized_expression") {
        const bool is_condition = tree_[at].field == "condition";
        const std::string_view held =
            tree_.is(parent, {"if_statement", "ternary_expression"}) ? "consequence" : "body";
        const std::uint32_t guarded =
            is_condition ? tree_.child_by_field(parent, held) : std::uint32_t{kNone};
        return tree_[guarded == kNone || tree_[parent].kind == "do_statement" ? at : guarded].end;
      }
      at = parent;
    }
  }

  bool is_own_parameter(std::uint32_t parameter) const {
    return function_ != kNone && tree_[tree_[parameter].parent].parent == function_;
  }

  void add(std::uint32_t name, bool is_parameter) {
    if (name == kNone || tree_[name].kind != "identifier") {
      return;
    }
    std::uint32_t scope = tree_.ancestor(
        name,
        {"block", "for_statement", "enhanced_for_statement", "switch_block", "lambda_expression",
         "try_with_resources_statement", "catch_clause", "method_declaration",
         "constructor_declaration", "constructor_body", "switch_rule"},
        top_);
    scope = scope == kNone || tree_[top_].has_error ? top_ : scope;
    declarations_.add(tree_.text(name),
                      {is_parameter ? IdentifierKind::parameter : IdentifierKind::local_variable,
                       {tree_[name].begin, tree_[scope].end}});
  }

  void refer(std::uint32_t i) {
    if (i == name_) {
      occurrences_.add_function(tree_.text(i), tree_.range(i));
    } else if (is_method_name(i)) {
      if (tree_.text(i) == function_name_ && calls_this_function(i)) {
        occurrences_.add_function(tree_.text(i), tree_.range(i));
      }
    } else if (may_be_variable(i)) {
      const std::string_view name = tree_.text(i);
      const Declaration* declaration = declarations_.at(name, tree_[i].begin);
      if (declaration == nullptr ? pattern_names_.contains(name)
                                 : may_be_constant(i) || may_be_inherited(i, *declaration)) {
        occurrences_.block_variable(name);
      } else if (declaration != nullptr) {
        occurrences_.add_variable(name, declaration->kind, tree_.range(i));
      }
    }
  }

  /// `case RED:` of an enum out of view.
  bool may_be_constant(std::uint32_t i) const {
    return tree_[tree_[i].parent].kind == "switch_label";
  }

  /// Whether `i` stands in a class of the function that has another base, which may have a field of
  /// this name, and means a variable around that class.
  bool may_be_inherited(std::uint32_t i, const Declaration& declaration) const {
    for (std::uint32_t at = tree_.ancestor(i, {"class_body"}, top_); at != kNone;
         at = tree_.ancestor(at, {"class_body"}, top_)) {
      const std::uint32_t owner = tree_[at].parent;
      const bool has_base = tree_[owner].kind == "object_creation_expression" ||
                            tree_.child_by_field(owner, "superclass") != kNone ||
                            tree_.child_by_field(owner, "interfaces") != kNone;
      if (has_base && declaration.scope.begin < tree_[at].begin) {
        return true;
      }
    }
    return false;
  }

  bool is_method_name(std::uint32_t i) const {
    const std::uint32_t parent = tree_[i].parent;
    return (tree_[parent].kind == "method_invocation" && tree_[i].field == "name") ||
           (tree_[parent].kind == "method_reference" && tree_.first_child(parent) != i);
  }

  bool may_be_variable(std::uint32_t i) const {
    const std::uint32_t parent = tree_[i].parent;
    const std::string_view field = tree_[i].field;
    if (field == "field" || field == "key") {
      return false;
    }
    if (field == "name") {
      return tree_.is(parent, {"variable_declarator", "formal_parameter", "catch_formal_parameter",
                               "enhanced_for_statement", "resource", "instanceof_expression"});
    }
    return !tree_.is(parent, {"break_statement", "continue_statement", "scoped_identifier",
                              "package_declaration", "import_declaration"}) &&
           !(tree_[parent].kind == "labeled_statement" && tree_.first_child(parent) == i);
  }

  /// An unqualified call, or one through `this`, with the number of arguments that the function
  /// takes: with another number it is an overload.
  bool calls_this_function(std::uint32_t i) const {
    const std::uint32_t call = tree_[i].parent;
    const std::uint32_t first = tree_.first_child(call);
    const bool is_unqualified = first == i;
    if (!is_unqualified && tree_[first].kind != "this") {
      return false;
    }
    if (belongs_to_inner_class(i, is_unqualified)) {
      return false;
    }
    const std::uint32_t arguments = tree_.child_by_field(call, "arguments");
    if (arguments == kNone) {
      return true;
    }
    const std::uint32_t parameters = tree_.child_by_field(function_, "parameters");
    const std::size_t taken = parameters == kNone ? 0 : count_named(parameters);
    const std::size_t given = count_named(arguments);
    const bool is_variadic =
        parameters != kNone && tree_.text(parameters).find("...") != std::string_view::npos;
    return is_variadic ? given + 1 >= taken : given == taken;
  }

  /// Inside a class that the function declares, `this` is another object, and the name is another
  /// method if that class declares one of this name.
  bool belongs_to_inner_class(std::uint32_t i, bool is_unqualified) const {
    for (std::uint32_t at = i; at > top_;) {
      at = tree_.ancestor(at, {"class_body", "enum_body", "interface_body"}, top_);
      if (at == kNone) {
        return false;
      }
      if (!is_unqualified) {
        return true;
      }
      for (auto member = tree_.first_child(at); member != kNone;
           member = tree_.next_sibling(member)) {
        const std::uint32_t name = tree_[member].kind == "method_declaration"
                                       ? tree_.child_by_field(member, "name")
                                       : kNone;
        if (name != kNone && name != name_ && tree_.text(name) == function_name_) {
          return true;
        }
      }
    }
    return false;
  }

  std::size_t count_named(std::uint32_t list) const {
    std::size_t count = 0;
    for (auto child = tree_.first_child(list); child != kNone; child = tree_.next_sibling(child)) {
      const bool counts = tree_[child].is_named &&
                          !tree_.is(child, {"line_comment", "block_comment", "receiver_parameter"});
      count += counts ? 1 : 0;
    }
    return count;
  }

  void collect_positions(std::vector<std::size_t>& positions) const {
    for (std::uint32_t i = top_; i < tree_[top_].subtree_end; ++i) {
      if (!tree_.is(i, {"block", "constructor_body", "switch_block_statement_group"})) {
        continue;
      }
      std::uint32_t previous = kNone;
      for (auto child = tree_.first_child(i); child != kNone; child = tree_.next_sibling(child)) {
        if (is_statement(child) && is_recognised_statement(tree_, child, previous)) {
          positions.push_back(tree_[child].begin);
        }
        previous = child;
      }
    }
    sort_positions(positions);
  }

  bool is_statement(std::uint32_t i) const {
    const std::string_view kind = tree_[i].kind;
    return kind == "local_variable_declaration" || kind == "block" || kind == "switch_expression" ||
           kind == "class_declaration" ||
           (kind.size() > 10 && kind.substr(kind.size() - 10) == "_statement");
  }

  const Tree& tree_;
  std::string_view source_;
  std::uint32_t function_ = kNone;
  std::uint32_t name_ = kNone;
  std::uint32_t top_ = 0;
  std::string_view function_name_;
  std::unordered_set<std::string_view> pattern_names_;
  Declarations declarations_;
  Occurrences occurrences_;
};

}  // namespace

Syntax analyse_java(std::string_view source) {
  // Methods mostly come without their class, and constructors parse only inside one.
  std::optional<Tree> tree(std::in_place, source, Language::java, "class X {", "\n}");
  if (tree->error_cost() != 0) {
    Tree bare(source, Language::java);
    if (bare.error_cost() < tree->error_cost()) {
      tree.emplace(std::move(bare));
    }
  }
  Syntax syntax = JavaAnalysis(*tree, source).run();
  syntax.has_error = tree->error_cost() != 0;
  return syntax;
}

}  // namespace ncmlab::detail
