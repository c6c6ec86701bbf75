// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/code/lexemes.hpp"

#include <algorithm>

#include "code/characters.hpp"

namespace ncmlab {
namespace {

bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

}  // namespace

std::vector<std::string_view> lexemes_and_space(std::string_view source) {
  std::vector<std::string_view> result;
  for (std::size_t begin = 0; begin < source.size();) {
    std::size_t end = begin + 1;
    for (const auto belongs : {detail::is_word_byte, is_space}) {
      while (belongs(source[begin]) && end < source.size() && belongs(source[end])) {
        ++end;
      }
    }
    result.push_back(source.substr(begin, end - begin));
    begin = end;
  }
  return result;
}

std::vector<std::string_view> lexemes(std::string_view source) {
  std::vector<std::string_view> result = lexemes_and_space(source);
  std::erase_if(result, [](std::string_view lexeme) { return is_space(lexeme.front()); });
  return result;
}

}  // namespace ncmlab
