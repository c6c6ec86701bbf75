// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>
#include <utility>
#include <vector>

#include "config/experiment.hpp"

namespace ncmlab {

/// What `work` returns; what it throws without a place gets that of the key `name` of
/// `[language_model]`, if the experiment was read from a file that has one.
template <typename Work>
auto at_place_of(const LanguageModelChoice& choice, std::string_view name, const Work& work) {
  try {
    return work();
  } catch (const Error& error) {
    std::vector<Diagnostic> problems = error.diagnostics();
    const auto place = choice.places.find(name);
    for (Diagnostic& problem : problems) {
      if (!problem.span && place != choice.places.end()) {
        problem.span = place->second;
      }
    }
    throw Error(std::move(problems));
  }
}

}  // namespace ncmlab
