// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "ncmlab/code/syntax.hpp"

namespace ncmlab {

/// A text with its runs of white space folded, and where each of its bytes comes from.
struct FoldedText {
  std::string text;
  std::vector<ByteRange> origins;  ///< for each byte the bytes of the original it stands for
};

/// `" ".join(text.split())` of Python: runs of Unicode white space become one blank, white space
/// at the ends goes. Bytes that are not UTF-8 stay as they are.
std::string fold_whitespace(std::string_view text);
/// The same, with where each byte comes from.
FoldedText fold_whitespace_with_origins(std::string_view text);

}  // namespace ncmlab
