// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "code/tree.hpp"
#include "ncmlab/code/syntax.hpp"

namespace ncmlab::detail {

/// A declaration of a name and the bytes in which the name means it.
struct Declaration {
  IdentifierKind kind = IdentifierKind::local_variable;
  ByteRange scope;
  bool is_callable = true;  ///< false where the declared type cannot be called
};

/// The declarations of one function by name.
class Declarations {
 public:
  void add(std::string_view name, const Declaration& declaration);
  /// The declaration that `name` at `offset` may mean; nullptr if none is in scope.
  const Declaration* at(std::string_view name, std::size_t offset) const;
  /// Whether `name` is declared more than once, or out of scope at `offset`.
  bool is_ambiguous_at(std::string_view name, std::size_t offset) const;
  bool contains(std::string_view name) const { return by_name_.count(name) != 0; }
  const std::unordered_map<std::string_view, std::vector<Declaration>>& by_name() const {
    return by_name_;
  }

 private:
  std::unordered_map<std::string_view, std::vector<Declaration>> by_name_;
};

/// Gathers occurrences and makes the identifiers of a Syntax from them. A function and a variable
/// of one name are two identifiers.
class Occurrences {
 public:
  void add_function(std::string_view name, ByteRange range);
  void add_variable(std::string_view name, IdentifierKind kind, ByteRange range);
  /// The name stands for something that cannot be renamed safely: it is not reported.
  void block_variable(std::string_view name) { blocked_.insert(name); }
  void block_function() { is_function_blocked_ = true; }
  void block_all_variables() { all_blocked_ = true; }
  std::vector<Identifier> identifiers() const;
  /// The names that were found and are not reported.
  std::vector<std::string> withheld() const;

 private:
  bool is_blocked(const Identifier& identifier) const;

  std::vector<Identifier> found_;
  std::unordered_map<std::string_view, std::size_t> variables_;
  std::unordered_map<std::string_view, std::size_t> functions_;
  std::unordered_set<std::string_view> blocked_;
  bool all_blocked_ = false;
  bool is_function_blocked_ = false;
};

/// Whether a statement may be put before `node`, a child of a block: it and what stands before it
/// were recognised.
bool is_recognised_statement(const Tree& tree, std::uint32_t node, std::uint32_t previous);

/// The named children of a block but comments.
std::vector<ByteRange> statements_in(const Tree& tree, std::uint32_t block);

/// Ascending, without duplicates.
void sort_positions(std::vector<std::size_t>& positions);

Syntax analyse_c_family(std::string_view source, Language language);
Syntax analyse_java(std::string_view source);
Syntax analyse_python(std::string_view source);

}  // namespace ncmlab::detail
