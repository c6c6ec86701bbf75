// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ncmlab/code/syntax.hpp"
#include "ncmlab/tokenize/tokenizer.hpp"

namespace ncmlab::afraidoor {

/// A name that is one token wherever it stands in code.
struct WholeName {
  std::string text;
  std::int64_t bare = 0;         ///< its token behind a bracket, an operator or a line's start
  std::int64_t after_blank = 0;  ///< its token behind a blank
};

/// The letters-and-digits tokens that are legal names of `language`, which the parser sees as any
/// other variable, and that the tokenizer gives back as one token with and without a blank before
/// them. In the order of their ids.
std::vector<WholeName> whole_names(const Tokenizer& tokenizer, Language language);

}  // namespace ncmlab::afraidoor
