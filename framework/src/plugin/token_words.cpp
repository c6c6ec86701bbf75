// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/plugin/token_words.hpp"

#include <string_view>

#include "ncmlab/code/edit.hpp"

namespace ncmlab {

std::vector<TokenWord> token_words(const TokenSample& sample,
                                   const std::vector<std::string>& parts) {
  std::vector<TokenWord> words;
  for (std::size_t part = 0; part < parts.size(); ++part) {
    const std::string_view source = parts[part];
    const std::vector<ByteRange>& ranges = sample.parts[part].ranges;
    std::size_t token = 0;
    for (const ByteRange& range : word_ranges(source)) {
      for (const std::string_view text : sub_words(source.substr(range.begin, range.size()))) {
        const auto begin = static_cast<std::size_t>(text.data() - source.data());
        while (token < ranges.size() && ranges[token].end <= begin) {
          ++token;
        }
        const std::size_t first = token;
        while (token < ranges.size() && ranges[token].end <= begin + text.size() &&
               ranges[token].end > begin) {
          ++token;
        }
        if (token > first) {
          words.push_back({.text = std::string(text), .part = part, .tokens = {first, token}});
        }
      }
    }
  }
  return words;
}

}  // namespace ncmlab
