// SPDX-License-Identifier: Apache-2.0
#include <optional>
#include <string>

#include "code/c_fixed_names.hpp"
#include "code/c_text.hpp"
#include "code/c_tokens.hpp"
#include "code/c_tree.hpp"
#include "code/characters.hpp"
#include "code/findings.hpp"
#include "code/literals.hpp"
#include "ncmlab/code/edit.hpp"

namespace ncmlab::detail {
namespace {

constexpr auto kNone = Tree::kNone;

class CFamilyAnalysis {
 public:
  /// With `by_words` the tree is not trusted with the occurrences: a name is then one identifier
  /// from its declaration to the end of the function, wherever `source` has it as a word.
  CFamilyAnalysis(const Tree& tree, std::string_view source, Language language, bool by_words)
      : tree_(tree), source_(source), language_(language), by_words_(by_words) {
    function_ = find_c_function(tree);
    if (function_.name != kNone) {
      function_name_ = tree.text(function_.name);
    }
    top_ = function_.definition == kNone ? 0 : function_.definition;
    skipped_.resize(tree.size(), false);
  }

  Syntax run() {
    for (std::uint32_t i = top_; i < tree_[top_].subtree_end; ++i) {
      declare(i);
    }
    if (by_words_) {
      refer_by_words();
    } else {
      refer_by_tree();
    }
    if (!by_words_) {
      block_fixed_names();
    }
    Syntax syntax;
    syntax.identifiers = occurrences_.identifiers();
    syntax.withheld = occurrences_.withheld();
    if (!tells_of_inserted_lines()) {
      syntax.statement_positions =
          c_statement_positions(tree_, top_, tree_[top_].subtree_end, language_);
    }
    if (function_.body != kNone) {
      syntax.body = tree_.range(function_.body);
      syntax.statements = statements_in(tree_, function_.body);
      if (!by_words_) {
        syntax.integer_literals = find_integer_literals(tree_, *syntax.body, language_);
      }
    }
    return syntax;
  }

 private:
  void declare(std::uint32_t i) {
    const std::string_view kind = tree_[i].kind;
    if (kind == "parameter_list") {
      declare_parameters(i);
    } else if (kind == "declaration") {
      declare_variables(i);
    } else if (kind == "for_range_loop") {
      add(tree_.child_by_field(i, "declarator"), i, IdentifierKind::local_variable);
    } else if (kind == "structured_binding_declarator") {
      for (auto child = tree_.first_child(i); child != kNone; child = tree_.next_sibling(child)) {
        add(child, i, IdentifierKind::local_variable);
      }
    } else if (kind == "lambda_capture_initializer") {
      add(tree_.child_by_field(i, "left"), i, IdentifierKind::local_variable);
    } else if (kind == "enumerator") {
      occurrences_.block_variable(tree_.text(tree_.first_child(i)));
    } else if (language_ == Language::cpp && kind == "field_identifier" &&
               tree_[i].field == "declarator") {
      // In a member function of a local class the bare name means the member.
      occurrences_.block_variable(tree_.text(i));
    } else if (kind == "base_class_clause") {
      block_identifiers(tree_[i].parent);  // they may be members of the base
    } else if (kind == "preproc_include") {
      occurrences_.block_all_variables();
    }
  }

  void block_identifiers(std::uint32_t node) {
    for (std::uint32_t i = node; i < tree_[node].subtree_end; ++i) {
      if (tree_[i].kind == "identifier") {
        occurrences_.block_variable(tree_.text(i));
      }
    }
  }

  /// A statement more is a line more, and a constant function may hold no statement that calls.
  bool tells_of_inserted_lines() const {
    const std::size_t begin = tree_[top_].begin;
    const std::size_t end = function_.body == kNone ? begin : tree_[function_.body].begin;
    const std::string_view header = source_.substr(begin, end - begin);
    return uses_word(source_, "__LINE__") || uses_word(source_, "__builtin_LINE") ||
           uses_word(source_, "source_location") || uses_word(header, "constexpr") ||
           uses_word(header, "consteval");
  }

  void block_fixed_names() {
    const auto is_own = [&](std::string_view name) {
      return declarations_.contains(name) || name == function_name_;
    };
    const CFixedNames fixed(source_, is_own);
    for (const auto& [name, declarations] : declarations_.by_name()) {
      if (fixed.holds(name)) {
        occurrences_.block_variable(name);
      }
    }
    // The program may print its function's name.
    const bool tells_name = uses_word(source_, "__func__") || uses_word(source_, "__FUNCTION__") ||
                            uses_word(source_, "__PRETTY_FUNCTION__") ||
                            uses_word(source_, "source_location");
    if (tells_name || fixed.holds(function_name_)) {
      occurrences_.block_function();
    }
  }

  void add(std::uint32_t declarator, std::uint32_t declaration, IdentifierKind kind) {
    const CDeclarator found = read_declarator(tree_, declarator);
    if (found.name == kNone || (by_words_ && is_followed_by_word(found.name))) {
      return;
    }
    const Node& name = tree_[found.name];
    std::uint32_t scope = top_;
    if (!by_words_ && kind == IdentifierKind::local_variable) {
      scope = tree_.ancestor(found.name,
                             {"compound_statement", "for_statement", "for_range_loop",
                              "lambda_expression", "catch_clause", "if_statement",
                              "while_statement", "switch_statement", "function_definition"},
                             top_);
      scope = scope == kNone ? top_ : scope;
    }
    const std::size_t end = by_words_ ? source_.size() : tree_[scope].end;
    const bool is_callable = found.has_parameters || !is_data_type(tree_, declaration, language_);
    declarations_.add(tree_.text(found.name), {kind, {name.begin, end}, is_callable});
  }

  /// As in `int unused x;` or `int x unused;`, where a tree with errors cannot tell which of the
  /// words is a macro.
  bool is_followed_by_word(std::uint32_t name) const {
    const std::size_t next = source_.find_first_not_of(" \t\r\n", tree_[name].end);
    return next != std::string_view::npos && starts_word(source_[next]) &&
           source_.substr(next, 2) != "__";
  }

  /// The node whose parameters the list holds, if they are variables of this function's text.
  bool declares_variables(std::uint32_t list) const {
    if (list == function_.parameters) {
      return true;
    }
    const std::uint32_t parent = tree_[list].parent;
    if (tree_[parent].kind == "catch_clause" ||
        tree_[tree_[parent].parent].kind == "lambda_expression") {
      return true;
    }
    const std::uint32_t owner =
        tree_.ancestor(list, {"function_definition", "parameter_list", "declaration"}, top_);
    return owner != kNone && owner != top_ && tree_[owner].kind == "function_definition" &&
           tree_[parent].kind == "function_declarator";
  }

  void declare_parameters(std::uint32_t list) {
    const bool are_variables = declares_variables(list);
    const IdentifierKind kind =
        list == function_.parameters ? IdentifierKind::parameter : IdentifierKind::local_variable;
    for (auto child = tree_.first_child(list); child != kNone; child = tree_.next_sibling(child)) {
      const std::uint32_t declarator =
          tree_[child].kind == "identifier" ? child : tree_.child_by_field(child, "declarator");
      if (declarator == kNone) {
        continue;
      }
      if (are_variables) {
        add(declarator, child, kind);
      } else if (const auto name = read_declarator(tree_, declarator).name; name != kNone) {
        skipped_[name] = true;
      }
    }
  }

  bool is_extern(std::uint32_t declaration) const {
    const std::uint32_t first = tree_.first_child(declaration);
    return first != kNone && tree_[first].kind == "storage_class_specifier" &&
           tree_.text(first) == "extern";
  }

  /// `x * y;` where `x` is a variable is no declaration, and `T v(x);` is one of `v`.
  bool is_variable_in_scope(std::uint32_t type) const {
    return tree_[type].kind == "type_identifier" &&
           declarations_.at(tree_.text(type), tree_[type].begin) != nullptr;
  }

  bool is_initialised_by_variables(std::uint32_t parameters) const {
    bool found = false;
    for (auto child = tree_.first_child(parameters); child != kNone;
         child = tree_.next_sibling(child)) {
      if (!tree_[child].is_named) {
        continue;
      }
      const std::uint32_t type = tree_.child_by_field(child, "type");
      if (type == kNone || !is_variable_in_scope(type)) {
        return false;
      }
      found = true;
    }
    return found;
  }

  void declare_variables(std::uint32_t declaration) {
    const std::uint32_t type = tree_.child_by_field(declaration, "type");
    if (type != kNone && is_variable_in_scope(type)) {
      return;
    }
    const bool is_old_style =
        function_.definition != kNone && tree_[declaration].parent == function_.definition;
    const bool is_outside = is_extern(declaration);
    for (auto child = tree_.first_child(declaration); child != kNone;
         child = tree_.next_sibling(child)) {
      if (tree_[child].field != "declarator") {
        continue;
      }
      const CDeclarator found = read_declarator(tree_, child);
      const bool is_prototype =
          found.is_prototype &&
          !(language_ == Language::cpp && is_initialised_by_variables(found.parameters));
      if (is_outside || is_prototype) {
        if (found.name != kNone) {
          occurrences_.block_variable(tree_.text(found.name));
        }
        continue;
      }
      add(child, declaration,
          is_old_style ? IdentifierKind::parameter : IdentifierKind::local_variable);
    }
  }

  void refer_by_tree() {
    std::uint32_t i = 0;
    while (i < tree_.size()) {
      const std::string_view kind = tree_[i].kind;
      if (kind == "preproc_def" || kind == "preproc_function_def") {
        for (const CWord& word : c_words(tree_.text(i))) {
          refer_by_word(word, tree_[i].begin);
        }
        i = tree_[i].subtree_end;
        continue;
      }
      const bool is_condition = tree_[i].field == "condition" &&
                                tree_.is(tree_[i].parent, {"preproc_if", "preproc_elif"});
      if (is_condition ||
          tree_.is(i, {"attribute_specifier", "attribute_declaration", "preproc_call",
                       "ms_declspec_modifier", "gnu_asm_goto_list"})) {
        i = tree_[i].subtree_end;
        continue;
      }
      if (kind == "identifier" || kind == "type_identifier" || kind == "field_identifier") {
        refer(i);
      }
      ++i;
    }
  }

  void refer(std::uint32_t i) {
    const Node& node = tree_[i];
    const std::string_view name = tree_.text(i);
    if (i == function_.name) {
      occurrences_.add_function(name, tree_.range(i));
      return;
    }
    if (skipped_[i] || !may_be_reference(i)) {
      return;
    }
    const bool is_called = node.field == "function" && tree_[node.parent].kind == "call_expression";
    if (node.kind != "field_identifier" || follows_member_pointer(i)) {
      const Declaration* declaration = declarations_.at(name, node.begin);
      if (declaration != nullptr) {
        if (!is_called || declaration->is_callable) {
          occurrences_.add_variable(name, declaration->kind, tree_.range(i));
        }
        return;
      }
    }
    if (name == function_name_ && node.kind != "type_identifier" &&
        (node.kind == "identifier" || is_call_through_this(tree_, i)) &&
        has_fitting_arguments(tree_, i, function_.parameters, language_)) {
      occurrences_.add_function(name, tree_.range(i));
    }
  }

  /// The right operand of `.*` and `->*`, which the grammar takes for a field.
  bool follows_member_pointer(std::uint32_t i) const {
    const std::size_t before = source_.find_last_not_of(" \t\r\n", tree_[i].begin - 1);
    return language_ == Language::cpp && before != std::string_view::npos && source_[before] == '*';
  }

  bool may_be_reference(std::uint32_t i) const {
    const Node& node = tree_[i];
    const std::uint32_t parent = node.parent;
    if (node.kind == "type_identifier") {
      return node.field != "name" &&
             !(node.field == "declarator" && tree_[parent].kind == "type_definition") &&
             tree_[parent].kind != "type_parameter_declaration";
    }
    if (tree_.is(parent, {"preproc_params", "preproc_defined", "qualified_identifier",
                          "gnu_asm_goto_list", "attribute"})) {
      return false;
    }
    if (node.field == "symbol" &&
        tree_.is(parent, {"gnu_asm_output_operand", "gnu_asm_input_operand"})) {
      return false;
    }
    return node.field != "name" || tree_[parent].kind == "template_function";
  }

  void refer_by_words() {
    for (const CWord& word : c_words(source_)) {
      refer_by_word(word, 0);
    }
  }

  void refer_by_word(const CWord& word, std::size_t shift) {
    const bool is_label =
        word.next == ':' && (word.previous == "{" || word.previous == "}" || word.previous == ";");
    if (is_label || word.previous == "." || word.previous == "->" || word.previous == "struct" ||
        word.previous == "union" || word.previous == "enum" || word.previous == "goto") {
      return;
    }
    const ByteRange range{word.range.begin + shift, word.range.end + shift};
    const Declaration* declaration = declarations_.at(word.text, range.begin);
    if (!by_words_ && declarations_.is_ambiguous_at(word.text, range.begin)) {
      // A macro's words mean what they mean where the macro is used.
      occurrences_.block_variable(word.text);
    } else if (declaration == nullptr || (by_words_ && word.text == function_name_)) {
      if (word.text == function_name_) {
        occurrences_.add_function(word.text, range);
      }
    } else if (word.is_pasted) {
      occurrences_.block_variable(word.text);
    } else if (word.next != '(' || declaration->is_callable) {
      occurrences_.add_variable(word.text, declaration->kind, range);
    }
  }

  const Tree& tree_;
  std::string_view source_;
  Language language_;
  bool by_words_;
  CFunction function_;
  std::string_view function_name_;
  std::uint32_t top_ = 0;
  std::vector<bool> skipped_;  // parameter names of prototypes and of pointers to functions
  Declarations declarations_;
  Occurrences occurrences_;
};

}  // namespace

Syntax analyse_c_family(std::string_view source, Language language) {
  std::optional<Tree> best(std::in_place, source, language);
  if (best->error_cost() == 0) {
    return CFamilyAnalysis(*best, source, language, false).run();
  }
  const CHeader header = inspect_header(source);
  const std::string_view prefix = header.lacks_type ? "int " : "";
  if (header.lacks_type) {
    Tree tree(source, language, prefix);
    if (tree.error_cost() == 0) {
      return CFamilyAnalysis(tree, source, language, false).run();
    }
    if (tree.error_cost() < best->error_cost()) {
      best.emplace(std::move(tree));
    }
  }
  // Macros and conditional groups that a parser without preprocessing cannot follow: recognise
  // the structure without them. The source stays one with syntax errors.
  const std::string without_macros = blank_out(source, header.macros);
  const std::string one_branch = keep_first_branches(without_macros);
  for (const std::string* text : {&without_macros, &one_branch}) {
    Tree tree(*text, language, prefix);
    if (tree.error_cost() < best->error_cost()) {
      best.emplace(std::move(tree));
    }
  }
  Syntax syntax = CFamilyAnalysis(*best, source, language, true).run();
  syntax.has_error = true;
  return syntax;
}

}  // namespace ncmlab::detail
