// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace ncmlab::config {

/// A place in a TOML document where something nests deeper than is read.
struct TooDeep {
  std::string what;  ///< `a key has 200 parts, at most 64 are read`
  int line = 1;
  int column = 1;  ///< in code points
};

/// Parts of a dotted key or of a table header, and levels of arrays and inline tables, that are
/// read. No experiment has more than a few; a parser recurses for each.
constexpr std::size_t kDeepestToml = 64;

/// The first place that nests deeper, found without parsing. Text that is no TOML may be judged
/// wrongly behind its first error.
std::optional<TooDeep> too_deep(std::string_view text);

}  // namespace ncmlab::config
