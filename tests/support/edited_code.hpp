// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "prepared_attack.hpp"

namespace ncmlab {

/// `code` with the trigger of `attack` on a classification task; empty when it cannot carry it.
inline std::string edited_code(const Attack& attack, Language language, const std::string& code,
                               std::uint64_t seed = 1) {
  const Example sample{
      .id = "x", .code = code, .label = default_goal({}).victim_label, .language = language};
  const auto triggered = prepared(attack, {sample})->trigger(sample, default_goal({}), Rng(seed));
  return triggered ? triggered->code : "";
}

}  // namespace ncmlab
