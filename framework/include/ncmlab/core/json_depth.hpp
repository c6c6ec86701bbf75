// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace ncmlab {

/// Levels of arrays and objects that files of JSON may nest. The parser takes any number, but
/// copying and printing a value recurses for each.
constexpr std::size_t kDeepestJson = 100;

/// What is wrong with text that nests deeper, `arrays and objects nest more than 100 levels deep`;
/// empty if nothing. Looks at brackets outside strings only, so that it goes before parsing.
std::string too_deep_json(std::string_view text);

}  // namespace ncmlab
