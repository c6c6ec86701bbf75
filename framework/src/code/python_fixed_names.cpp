// SPDX-License-Identifier: Apache-2.0
#include "code/python_fixed_names.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "ncmlab/code/edit.hpp"

namespace ncmlab::detail {
namespace {

constexpr auto kNone = Tree::kNone;
using Words = std::unordered_set<std::string_view>;

/// Decorators that do nothing with the name of what they decorate.
bool is_plain_decorator(std::string_view text) {
  static const Words kNames = {"@staticmethod",
                               "@classmethod",
                               "@property",
                               "@lru_cache",
                               "@contextmanager",
                               "@cached_property",
                               "@abstractmethod",
                               "@abc.abstractmethod",
                               "@functools.lru_cache",
                               "@contextlib.contextmanager"};
  return kNames.contains(text.substr(0, text.find('(')));
}

class FixedNameSearch {
 public:
  FixedNameSearch(const Tree& tree, const PythonScopes& scopes, std::uint32_t name, bool is_method)
      : tree_(tree), scopes_(scopes), name_(name), is_method_(is_method) {
    function_name_ = name == kNone ? std::string_view() : tree.text(name);
  }

  PythonFixedNames run() {
    for (std::uint32_t i = 0; i < tree_.size(); ++i) {
      inspect(i);
    }
    inspect_decorators();
    fix_parameters();
    fix_leaked_names();
    return std::move(fixed_);
  }

 private:
  void inspect(std::uint32_t i) {
    const std::string_view kind = tree_[i].kind;
    if (kind == "identifier") {
      inspect_name(i);
    } else if (kind == "string") {
      inspect_string(i);
    } else if (kind == "keyword_argument") {
      texts_.insert(tree_.text(tree_.first_child(i)));
    } else if (kind == "interpolation" && prints_itself(i)) {
      fix_words(tree_.text(i));
    } else if (kind == "wildcard_import" || kind == "exec_statement") {
      fix_all();
    } else if (kind == "call") {
      inspect_call(i);
    } else if (kind == "class_definition") {
      has_class_ = has_class_ || i > scopes_.function();
    }
  }

  void fix_all() {
    fixed_.all_variables = true;
    fixed_.lines = true;
  }

  void inspect_name(std::uint32_t i) {
    static const Words kReflective = {"_getframe",  "currentframe",   "inspect",        "traceback",
                                      "settrace",   "setprofile",     "f_locals",       "tb_frame",
                                      "exc_info",   "co_varnames",    "func_code",      "__code__",
                                      "getargspec", "getfullargspec", "__annotations__"};
    static const Words kNamespace = {"locals", "eval", "exec", "execfile", "vars", "dir"};
    const std::string_view text = tree_.text(i);
    const bool is_attribute = tree_[i].field == "attribute";
    if (kReflective.contains(text) && (is_attribute || is_from_outside(i))) {
      fix_all();
      fixed_.function = true;
    }
    if (kNamespace.contains(text) && !is_attribute && is_from_outside(i)) {
      const bool takes_namespace = text == "vars" || text == "dir";
      if (!takes_namespace || !is_called_with_arguments(i)) {
        fix_all();
      }
    }
    if (i != name_ && text == function_name_) {
      inspect_own_name(i, is_attribute);
    }
    if (text.starts_with("__") && !text.ends_with("__") && has_class_) {
      fixed_.variables.insert(text);  // within the class it is another name
    }
  }

  bool is_from_outside(std::uint32_t i) const {
    return scopes_.resolve(i) == PythonScopes::Meaning::outside &&
           !(tree_[tree_[i].parent].kind == "keyword_argument" && tree_[i].field == "name");
  }

  bool is_called_with_arguments(std::uint32_t i) const {
    const std::uint32_t call = tree_[i].parent;
    const std::uint32_t arguments =
        tree_[call].kind == "call" ? tree_.child_by_field(call, "arguments") : std::uint32_t{kNone};
    return tree_[i].field == "function" && arguments != kNone && tree_.text(arguments) != "()";
  }

  /// A method's name stands behind `self`. Behind another object it may be the same method, and
  /// what is assigned there is no method any more.
  void inspect_own_name(std::uint32_t i, bool is_attribute) {
    const std::uint32_t parent = tree_[i].parent;
    refers_to_itself_ = true;
    if (is_attribute && is_method_) {
      const std::uint32_t object = tree_.child_by_field(parent, "object");
      const bool is_own_object = object != kNone && tree_[object].kind == "identifier" &&
                                 (tree_.text(object) == "self" || tree_.text(object) == "cls") &&
                                 scopes_.resolve(object) == PythonScopes::Meaning::parameter;
      const bool is_bound =
          tree_[parent].field == "left" || tree_[tree_[parent].parent].kind == "delete_statement";
      fixed_.function = fixed_.function || !is_own_object || is_bound;
    }
    const std::uint32_t around = is_attribute ? parent : i;
    const std::uint32_t access = tree_[around].parent;
    if (tree_[access].kind == "attribute" && tree_[around].field == "object" &&
        tree_.text(tree_.child_by_field(access, "attribute")).ends_with("name__")) {
      fixed_.function = true;
    }
  }

  void inspect_string(std::uint32_t i) {
    const std::string_view text = tree_.text(i);
    if (text.starts_with('`')) {
      fix_words(text);  // `x` of Python 2 is repr(x)
      return;
    }
    const std::size_t begin = std::min(text.find_first_of("'\""), text.size());
    const std::size_t first = std::min(text.find_first_not_of("'\"", begin), text.size());
    const std::size_t last = text.find_last_not_of("'\"");
    if (last != std::string_view::npos && last >= first) {
      const std::string_view content = text.substr(first, last + 1 - first);
      texts_.insert(content);
      fixed_.function = fixed_.function || content == function_name_;
    }
  }

  void fix_words(std::string_view text) {
    for (const ByteRange& range : word_ranges(text)) {
      const std::string_view word = text.substr(range.begin, range.size());
      fixed_.variables.insert(word);
      fixed_.function = fixed_.function || word == function_name_;
    }
  }

  /// `{x=}`, which prints its own text.
  bool prints_itself(std::uint32_t interpolation) const {
    for (auto child = tree_.first_child(interpolation); child != kNone;
         child = tree_.next_sibling(child)) {
      if (tree_[child].kind == "=") {
        return true;
      }
    }
    return false;
  }

  /// `frame.query("a > @limit")` and the like read variables of their caller.
  void inspect_call(std::uint32_t call) {
    const std::uint32_t callee = tree_.child_by_field(call, "function");
    const std::uint32_t arguments = tree_.child_by_field(call, "arguments");
    if (callee == kNone || arguments == kNone || tree_[callee].kind != "attribute") {
      return;
    }
    const std::string_view name = tree_.text(tree_.child_by_field(callee, "attribute"));
    if (name != "query" && name != "eval" && name != "evaluate") {
      return;
    }
    for (std::uint32_t i = arguments; i < tree_[arguments].subtree_end; ++i) {
      if (tree_[i].kind == "string") {
        fix_words(tree_.text(i));
      }
    }
  }

  /// A decorator may register the function under its name.
  void inspect_decorators() {
    const std::uint32_t function = scopes_.function();
    const std::uint32_t around = function == kNone ? std::uint32_t{kNone} : tree_[function].parent;
    if (around == kNone || tree_[around].kind != "decorated_definition") {
      return;
    }
    for (auto child = tree_.first_child(around); child != kNone;
         child = tree_.next_sibling(child)) {
      if (tree_[child].kind == "decorator" && !is_plain_decorator(tree_.text(child))) {
        fixed_.function = true;
      }
    }
  }

  /// Parameters that a call of this text may name, and those that every call must name.
  void fix_parameters() {
    const auto is_named = [&](std::string_view name) { return texts_.contains(name); };
    std::copy_if(scopes_.inner_parameters().begin(), scopes_.inner_parameters().end(),
                 std::inserter(fixed_.variables, fixed_.variables.end()), is_named);
    const std::uint32_t function = scopes_.function();
    const std::uint32_t list =
        function == kNone ? std::uint32_t{kNone} : tree_.child_by_field(function, "parameters");
    bool is_keyword_only = false;
    for (auto child = list == kNone ? kNone : tree_.first_child(list); child != kNone;
         child = tree_.next_sibling(child)) {
      const std::uint32_t name = scopes_.parameter_name(child);
      if (tree_.is(child, {"keyword_separator", "list_splat_pattern"})) {
        is_keyword_only = true;
      } else if (name != kNone && tree_[name].kind == "identifier" &&
                 (is_keyword_only || (refers_to_itself_ && is_named(tree_.text(name))))) {
        fixed_.variables.insert(tree_.text(name));
      }
    }
  }

  /// In Python 2 the variable of a list comprehension lives on after it.
  void fix_leaked_names() {
    for (std::uint32_t i = 0; i < tree_.size(); ++i) {
      if (tree_[i].kind == "identifier" && tree_[i].field != "attribute" && is_from_outside(i) &&
          scopes_.is_leaked(tree_.text(i))) {
        fixed_.variables.insert(tree_.text(i));
      }
    }
  }

  const Tree& tree_;
  const PythonScopes& scopes_;
  std::uint32_t name_;
  std::string_view function_name_;
  bool is_method_;
  bool refers_to_itself_ = false;
  bool has_class_ = false;
  Words texts_;  // names of keyword arguments and whole strings
  PythonFixedNames fixed_;
};

}  // namespace

PythonFixedNames find_python_fixed_names(const Tree& tree, const PythonScopes& scopes,
                                         std::uint32_t name, bool is_method) {
  return FixedNameSearch(tree, scopes, name, is_method).run();
}

}  // namespace ncmlab::detail
