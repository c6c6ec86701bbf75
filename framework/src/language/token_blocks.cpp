// SPDX-License-Identifier: Apache-2.0
#include "language/token_blocks.hpp"

#include <algorithm>
#include <utility>

#include "ncmlab/core/hash.hpp"

namespace ncmlab {

std::vector<std::vector<std::int64_t>> token_blocks(const std::vector<std::string>& texts,
                                                    const Tokenizer& tokenizer,
                                                    std::int64_t max_tokens) {
  const auto room = static_cast<std::size_t>(std::max<std::int64_t>(max_tokens - 2, 1));
  std::vector<std::vector<std::int64_t>> blocks;
  for (const std::string& text : texts) {
    const std::vector<std::int64_t> ids = tokenizer.encode(text);
    for (std::size_t begin = 0; begin < ids.size(); begin += room) {
      const std::size_t end = std::min(ids.size(), begin + room);
      std::vector<std::int64_t>& block = blocks.emplace_back();
      block.push_back(tokenizer.special().bos);
      block.insert(block.end(), ids.begin() + static_cast<std::ptrdiff_t>(begin),
                   ids.begin() + static_cast<std::ptrdiff_t>(end));
      block.push_back(tokenizer.special().eos);
    }
  }
  return blocks;
}

PartedTexts part_texts(std::vector<std::string> texts, double share) {
  PartedTexts parts;
  for (std::string& text : texts) {
    const bool is_held_out = static_cast<double>(hash64(text) >> 11) * 0x1p-53 < share;
    (is_held_out ? parts.held_out : parts.train).push_back(std::move(text));
  }
  return parts;
}

}  // namespace ncmlab
