// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ncmlab/code/edit.hpp"

/// The names that parse() reports, each followed by its number of occurrences: `f:1 x:3`.
inline std::string summary(std::string_view source, ncmlab::Language language) {
  std::string text;
  for (const ncmlab::Identifier& identifier : ncmlab::parse(source, language).identifiers) {
    text += (text.empty() ? "" : " ") + identifier.name + ":" +
            std::to_string(identifier.occurrences.size());
  }
  return text;
}

/// `source` after renaming `name` to `new_name`; the source itself if `name` is not reported.
inline std::string renamed(std::string_view source, ncmlab::Language language,
                           std::string_view name, std::string_view new_name) {
  const ncmlab::Syntax syntax = ncmlab::parse(source, language);
  const ncmlab::Identifier* identifier = syntax.find(name);
  return identifier == nullptr ? std::string(source)
                               : ncmlab::rename(source, language, *identifier, new_name);
}

/// `source` with `@` at every statement position.
inline std::string marked_positions(std::string_view source, ncmlab::Language language) {
  std::string text(source);
  const auto positions = ncmlab::parse(source, language).statement_positions;
  for (std::size_t i = positions.size(); i-- > 0;) {
    text.insert(positions[i], "@");
  }
  return text;
}
