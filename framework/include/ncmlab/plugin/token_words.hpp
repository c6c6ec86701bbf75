// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "ncmlab/inversion/name_place.hpp"
#include "ncmlab/model/code_model.hpp"

namespace ncmlab {

/// A word of a sample as a model reads it.
struct TokenWord {
  std::string text;
  std::size_t part = 0;  ///< of the sample
  TokenSpan tokens;      ///< of that part's row, one at least
};

/// The words of a sample in order, of which `sample` is the tokenisation with ranges and `parts`
/// are the texts: numbers, keywords and the sub-words of names, since triggers extend names. A
/// token belongs to the word that it ends in. A word that no token ends in, or that lies beyond the
/// end at which a row was cut, is not among them.
std::vector<TokenWord> token_words(const TokenSample& sample,
                                   const std::vector<std::string>& parts);

}  // namespace ncmlab
