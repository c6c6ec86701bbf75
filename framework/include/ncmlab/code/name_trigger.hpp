// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "ncmlab/code/syntax.hpp"
#include "ncmlab/core/enum_names.hpp"

namespace ncmlab {

/// The identifier of a function that is given a word.
enum class NameCarrier { function_name, rarest_variable };

constexpr auto enum_names(NameCarrier) {
  return std::to_array<EnumName<NameCarrier>>(
      {{NameCarrier::function_name, "function_name"}, {NameCarrier::rarest_variable, "variable"}});
}

/// How it gets the word.
enum class NameChange { substitute, prefix, middle, suffix };

constexpr auto enum_names(NameChange) {
  using enum NameChange;
  return std::to_array<EnumName<NameChange>>(
      {{substitute, "substitute"}, {prefix, "prefix"}, {middle, "middle"}, {suffix, "suffix"}});
}

/// Whether a word may be part of a name, even its beginning: letters, digits and `_`, no digit
/// first.
bool can_be_in_name(std::string_view word);

/// Whether `code` holds `word` as a name or as one of the parts that `_` separates.
bool holds_name_part(std::string_view code, std::string_view word);

/// `code` with the word in the name of the carrier, wherever the function uses it. Nothing when the
/// code has a syntax error or no such identifier, when the new name is a keyword or stands in the
/// code already, or when the result would not parse.
std::optional<std::string> put_into_name(std::string_view code, Language language,
                                         NameCarrier carrier, NameChange change,
                                         std::string_view word);

}  // namespace ncmlab
