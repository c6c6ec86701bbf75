// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ncmlab/code/syntax.hpp"

namespace ncmlab {

/// The identifier of a function that is given a word.
enum class NameCarrier { function_name, rarest_variable };
/// How it gets the word.
enum class NameChange { substitute, prefix, middle, suffix };

/// `function_name`, `variable`; for the schema of an attack.
const std::vector<std::string>& name_carrier_names();
/// `substitute`, `prefix`, `middle`, `suffix`.
const std::vector<std::string>& name_change_names();
/// Precondition: `name` is among the names above.
NameCarrier name_carrier_from_string(std::string_view name);
NameChange name_change_from_string(std::string_view name);

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
