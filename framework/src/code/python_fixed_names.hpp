// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>
#include <unordered_set>

#include "code/python_scopes.hpp"

namespace ncmlab::detail {

/// What Python code tells or looks up by name, so that no renaming may touch it.
struct PythonFixedNames {
  std::unordered_set<std::string_view> variables;
  bool all_variables = false;  ///< `locals()`, frames, `from m import *` ...
  bool function = false;       ///< the function's own name
  bool lines = false;          ///< the code may tell of a statement more: by its names or its lines
};

/// What counts: framework/docs/edits.md. `name` is the node of the function's name and
/// `is_method` tells whether its first parameter is `self` or `cls`.
PythonFixedNames find_python_fixed_names(const Tree& tree, const PythonScopes& scopes,
                                         std::uint32_t name, bool is_method);

}  // namespace ncmlab::detail
