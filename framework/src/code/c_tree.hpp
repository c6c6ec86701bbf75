// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "code/tree.hpp"

namespace ncmlab::detail {

/// The nodes that name a C or C++ function; kNone where not found.
struct CFunction {
  std::uint32_t definition = Tree::kNone;  ///< function_definition
  std::uint32_t name = Tree::kNone;
  std::uint32_t parameters = Tree::kNone;  ///< parameter_list
  std::uint32_t body = Tree::kNone;        ///< compound_statement
};

/// The first function of the tree, or what is left of it in a tree with errors.
CFunction find_c_function(const Tree& tree);

/// The node that names what `declarator` declares, and how.
struct CDeclarator {
  std::uint32_t name = Tree::kNone;
  bool has_parameters = false;  ///< a function or a pointer to one
  bool is_prototype = false;    ///< a function
  std::uint32_t parameters = Tree::kNone;
};
CDeclarator read_declarator(const Tree& tree, std::uint32_t declarator);

/// Whether the declared type cannot be called.
bool is_data_type(const Tree& tree, std::uint32_t declaration, Language language);

/// Whether the field at `field` is `name` of a call `this->name()`.
bool is_call_through_this(const Tree& tree, std::uint32_t field);

/// Whether the name at `name` is called, if at all, with as many arguments as `parameters` takes:
/// with others it calls an overload of C++.
bool has_fitting_arguments(const Tree& tree, std::uint32_t name, std::uint32_t parameters,
                           Language language);

/// Places for statements in all blocks among the nodes [first, last): none in or before what a
/// pragma governs, none in the arguments of a call of C, which may be a macro.
std::vector<std::size_t> c_statement_positions(const Tree& tree, std::uint32_t first,
                                               std::uint32_t last, Language language);

}  // namespace ncmlab::detail
