// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "code/tree.hpp"
#include "ncmlab/code/syntax.hpp"

namespace ncmlab::detail {

/// Syntax::integer_literals of the nodes within `body`.
std::vector<ByteRange> find_integer_literals(const Tree& tree, const ByteRange& body,
                                             Language language);

}  // namespace ncmlab::detail
