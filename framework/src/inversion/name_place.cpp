// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/inversion/name_place.hpp"

namespace ncmlab {

std::optional<NamePlace> find_name(std::string_view source, const TokenRow& row, ByteRange bytes) {
  std::optional<NamePlace> place;
  std::size_t covered_until = bytes.begin;
  for (std::size_t i = 0; i < row.ranges.size(); ++i) {
    const ByteRange& range = row.ranges[i];
    if (range.size() == 0 || range.end <= bytes.begin || range.begin >= bytes.end) {
      continue;
    }
    if (!place) {
      place.emplace();
      place->tokens.begin = i;
    }
    place->tokens.end = i + 1;
    covered_until = range.end;
  }
  if (!place || covered_until < bytes.end) {
    return std::nullopt;
  }
  place->ends_exactly = covered_until == bytes.end;
  const std::size_t first = row.ranges[place->tokens.begin].begin;
  const std::string_view before =
      first < bytes.begin ? source.substr(first, bytes.begin - first) : std::string_view();
  place->covers_only_name =
      place->ends_exactly && before.find_first_not_of(" \t\r\n\v\f") == std::string_view::npos;
  return place;
}

std::vector<NamePlace> find_all(std::string_view source, const TokenRow& row,
                                const Identifier& identifier) {
  std::vector<NamePlace> places;
  for (const ByteRange& occurrence : identifier.occurrences) {
    if (const auto place = find_name(source, row, occurrence)) {
      places.push_back(*place);
    }
  }
  return places;
}

}  // namespace ncmlab
