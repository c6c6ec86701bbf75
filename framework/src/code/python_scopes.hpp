// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "code/tree.hpp"

namespace ncmlab::detail {

/// The scopes of Python code and the names that each binds (Python reference, 4.2), seen from
/// the first function of the text.
class PythonScopes {
 public:
  explicit PythonScopes(const Tree& tree);

  /// The function_definition, kNone if there is none.
  std::uint32_t function() const { return function_; }

  /// `fixed` is a name bound here that cannot be renamed.
  enum class Meaning { parameter, local_variable, fixed, outside };
  /// What the name at this identifier refers to.
  Meaning resolve(std::uint32_t identifier) const;

  /// Names that the function binds and that cannot be renamed: imports and classes, attributes
  /// of local classes, names declared global.
  const std::unordered_set<std::string_view>& blocked() const { return blocked_; }
  /// Parameters of nested functions, methods and lambdas.
  const std::unordered_set<std::string_view>& inner_parameters() const { return inner_parameters_; }
  /// Whether a list comprehension binds the name, as Python 2 does for what follows it.
  bool is_leaked(std::string_view name) const { return leaked_.contains(name); }
  /// The node that a parameter is named by.
  std::uint32_t parameter_name(std::uint32_t parameter) const;

 private:
  enum class Kind { module, function, comprehension, class_body };
  struct Scope {
    Kind kind;
    std::uint32_t parent;
    bool is_inside;  // the function itself or a scope in it
    std::unordered_map<std::string_view, Meaning> names;
    std::unordered_set<std::string_view> declared_elsewhere;  // global or nonlocal
  };

  void assign_scope(std::uint32_t node);
  void bind(std::uint32_t node);
  void bind_parameters(std::uint32_t list);
  void bind_import(std::uint32_t statement);
  void bind_fixed(std::uint32_t identifier);
  void bind_target(std::uint32_t target, Meaning meaning);
  void bind_name(std::uint32_t identifier, std::uint32_t scope, Meaning meaning);
  void declare_elsewhere(std::uint32_t statement, bool is_global);

  const Tree& tree_;
  std::uint32_t function_ = Tree::kNone;
  std::vector<std::uint32_t> scope_of_;   // of each node
  std::vector<std::uint32_t> opened_by_;  // the scope that a node opens for parts of it
  std::vector<Scope> scopes_;
  std::unordered_set<std::string_view> blocked_;
  std::unordered_set<std::string_view> inner_parameters_;
  std::unordered_set<std::string_view> leaked_;
};

}  // namespace ncmlab::detail
