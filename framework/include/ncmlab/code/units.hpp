// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "ncmlab/code/syntax.hpp"
#include "ncmlab/core/enum_names.hpp"

namespace ncmlab {

/// Parts of a function that a defense may take out to see what changes.
enum class UnitKind {
  function_name,
  identifier,  ///< a parameter or local variable, with all its occurrences
  statement,   ///< a whole one, directly in the body
  line,        ///< one that holds more than white space and single braces
};

constexpr auto enum_names(UnitKind) {
  using enum UnitKind;
  return std::to_array<EnumName<UnitKind>>({{line, "line"},
                                            {statement, "statement"},
                                            {identifier, "identifier"},
                                            {function_name, "function_name"}});
}

struct CodeUnit {
  UnitKind kind = UnitKind::line;
  std::vector<ByteRange> ranges;  ///< ascending, none empty
};

/// The units of these kinds, ordered by kind as in `kinds` and then by place. Of a name that is not
/// known to be the function's own (docs/edits.md) there is no unit.
std::vector<CodeUnit> code_units(std::string_view source, Language language,
                                 const std::vector<UnitKind>& kinds);

/// `source` with `text` in the place of each range of the unit.
std::string with_unit(std::string_view source, const CodeUnit& unit, std::string_view text);
/// `source` without the unit; of a line the line's end goes, too.
std::string without_unit(std::string_view source, const CodeUnit& unit);

}  // namespace ncmlab
