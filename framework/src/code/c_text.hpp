// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ncmlab/code/syntax.hpp"

namespace ncmlab::detail {

/// `text` with, of each conditional group, only the first branch that is not `#if 0`; directives
/// and the other branches become blanks, so that offsets stay.
std::string keep_first_branches(std::string_view text);

/// What stands before the parameter list of a C function, as far as words tell.
struct CHeader {
  bool lacks_type = false;        ///< implicit int
  std::vector<ByteRange> macros;  ///< words that are neither type nor name: attribute macros
};
CHeader inspect_header(std::string_view text);

/// `text` with the bytes of `ranges` replaced by blanks.
std::string blank_out(std::string_view text, const std::vector<ByteRange>& ranges);

}  // namespace ncmlab::detail
