// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ncmlab/code/syntax.hpp"
#include "ncmlab/core/enum_names.hpp"
#include "ncmlab/core/rng.hpp"

namespace ncmlab {

/// A statement that is never executed.
struct DeadStatement {
  std::string text;
  std::vector<std::string> uses;   ///< functions of a library: the code must not declare them
  std::vector<std::string> binds;  ///< names that it binds: the code must not hold them at all
};

/// What becomes of a random number in a condition: as published it is drawn, which changes the
/// numbers that the program draws after it; guarded, it stands behind a constant that is false.
enum class RandomDraw { guarded, published };

constexpr auto enum_names(RandomDraw) {
  return std::to_array<EnumName<RandomDraw>>(
      {{RandomDraw::guarded, "guarded"}, {RandomDraw::published, "published"}});
}

/// Ramakrishnan and Albarghouthi's fixed trigger: a comparison of a random number with 0 that
/// never holds, and a message.
DeadStatement fixed_statement(Language language, RandomDraw draw);

/// A statement of their grammar: {if, while} x {sin, cos, exp, sqrt, rand} x comparison x constant
/// out of the function's range x {print, throw} x a message of five letters.
DeadStatement grammar_statement(Language language, RandomDraw draw, Rng& rng);

/// Wan et al.'s loop over an empty range that logs a message; with `rng`, the range, the level and
/// the end of the message are drawn. Python only. The loop's variable is the first of `i`, `j`,
/// `k` ... that `code` does not hold; nothing when it holds all of them.
std::optional<DeadStatement> logging_loop(Language language, std::string_view code, Rng* rng);

}  // namespace ncmlab
