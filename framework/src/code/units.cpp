// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/code/units.hpp"

#include <algorithm>
#include <iterator>

namespace ncmlab {
namespace {

bool is_bare(std::string_view line) {
  return line.find_first_not_of(" \t\r\v\f{}") == std::string_view::npos;
}

std::vector<CodeUnit> lines_of(std::string_view source) {
  std::vector<CodeUnit> units;
  for (std::size_t begin = 0; begin < source.size();) {
    const std::size_t newline = source.find('\n', begin);
    const std::size_t end = newline == std::string_view::npos ? source.size() : newline;
    if (!is_bare(source.substr(begin, end - begin))) {
      units.push_back({.kind = UnitKind::line, .ranges = {{begin, end}}});
    }
    begin = end + 1;
  }
  return units;
}

void add_names(const Syntax& syntax, UnitKind kind, std::vector<CodeUnit>& units) {
  for (const Identifier& identifier : syntax.identifiers) {
    const bool is_function = identifier.kind == IdentifierKind::function_name;
    if (is_function == (kind == UnitKind::function_name)) {
      units.push_back({.kind = kind, .ranges = identifier.occurrences});
    }
  }
}

}  // namespace

std::vector<CodeUnit> code_units(std::string_view source, Language language,
                                 const std::vector<UnitKind>& kinds) {
  const Syntax syntax = parse(source, language);
  std::vector<CodeUnit> units;
  for (const UnitKind kind : kinds) {
    switch (kind) {
      case UnitKind::function_name:
      case UnitKind::identifier:
        add_names(syntax, kind, units);
        break;
      case UnitKind::statement:
        for (const ByteRange& statement : syntax.statements) {
          units.push_back({.kind = kind, .ranges = {statement}});
        }
        break;
      case UnitKind::line:
        std::ranges::move(lines_of(source), std::back_inserter(units));
        break;
    }
  }
  return units;
}

std::string with_unit(std::string_view source, const CodeUnit& unit, std::string_view text) {
  std::string result;
  std::size_t from = 0;
  for (const ByteRange& range : unit.ranges) {
    result += source.substr(from, range.begin - from);
    result += text;
    from = range.end;
  }
  return result += source.substr(from);
}

std::string without_unit(std::string_view source, const CodeUnit& unit) {
  if (unit.kind != UnitKind::line) {
    return with_unit(source, unit, "");
  }
  CodeUnit whole = unit;
  for (ByteRange& range : whole.ranges) {
    range.end = std::min(range.end + 1, source.size());
  }
  return with_unit(source, whole, "");
}

}  // namespace ncmlab
