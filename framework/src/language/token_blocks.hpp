// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ncmlab/tokenize/tokenizer.hpp"

namespace ncmlab {

/// Texts as a language model reads them: each cut into blocks of at most `max_tokens` ids, <s> and
/// </s> around each block included. No block spans two texts.
std::vector<std::vector<std::int64_t>> token_blocks(const std::vector<std::string>& texts,
                                                    const Tokenizer& tokenizer,
                                                    std::int64_t max_tokens);

/// Texts in two parts.
struct PartedTexts {
  std::vector<std::string> train, held_out;
};

/// Holds about `share` of the texts out, by a hash of each: equal texts stay together, and which
/// these are depends on no other text.
PartedTexts part_texts(std::vector<std::string> texts, double share);

}  // namespace ncmlab
