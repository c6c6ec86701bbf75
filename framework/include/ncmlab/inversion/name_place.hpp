// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "ncmlab/code/syntax.hpp"
#include "ncmlab/model/code_model.hpp"

namespace ncmlab {

/// Tokens [begin, end) of a row.
struct TokenSpan {
  std::size_t begin = 0;
  std::size_t end = 0;
  bool operator==(const TokenSpan&) const = default;
};

/// Where a name stands in a token row.
struct NamePlace {
  TokenSpan tokens;           ///< every token that covers a byte of the name
  bool ends_exactly = false;  ///< the last token ends where the name ends
  /// Apart from blanks before the name, the tokens cover nothing else.
  bool covers_only_name = false;
};

/// The tokens of `bytes` of `source`, of which `row` is the tokenisation with ranges; nothing when
/// the name lies, even partly, beyond the end at which the row was cut.
std::optional<NamePlace> find_name(std::string_view source, const TokenRow& row, ByteRange bytes);

/// find_name() for all occurrences of a name that lie within the row, in order.
std::vector<NamePlace> find_all(std::string_view source, const TokenRow& row,
                                const Identifier& identifier);

}  // namespace ncmlab
