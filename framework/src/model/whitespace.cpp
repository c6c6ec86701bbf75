// SPDX-License-Identifier: Apache-2.0
#include "model/whitespace.hpp"

#include <algorithm>
#include <array>

namespace ncmlab {
namespace {

/// The UTF-8 forms of the white space beyond ASCII that Python's str.split knows.
constexpr std::array<std::string_view, 19> kWideBlanks = {
    "\xC2\x85",     "\xC2\xA0",     "\xE1\x9A\x80", "\xE2\x80\x80", "\xE2\x80\x81",
    "\xE2\x80\x82", "\xE2\x80\x83", "\xE2\x80\x84", "\xE2\x80\x85", "\xE2\x80\x86",
    "\xE2\x80\x87", "\xE2\x80\x88", "\xE2\x80\x89", "\xE2\x80\x8A", "\xE2\x80\xA8",
    "\xE2\x80\xA9", "\xE2\x80\xAF", "\xE2\x81\x9F", "\xE3\x80\x80"};

/// Bytes of the white space character at the start of `text`; 0 if there is none.
std::size_t blank_size(std::string_view text) {
  const auto byte = static_cast<unsigned char>(text.front());
  if (byte < 0x80) {
    return byte == ' ' || (byte >= 9 && byte <= 13) || (byte >= 28 && byte <= 31) ? 1 : 0;
  }
  const auto* found = std::ranges::find_if(
      kWideBlanks, [&](std::string_view blank) { return text.starts_with(blank); });
  return found == kWideBlanks.end() ? 0 : found->size();
}

/// Calls `add` with each word of `text`, its begin and end, and the begin of the white space before
/// it.
template <typename Add>
void for_each_word(std::string_view text, const Add& add) {
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t gap = at;
    for (std::size_t size = 0; at < text.size(); at += size) {
      size = blank_size(text.substr(at));
      if (size == 0) {
        break;
      }
    }
    const std::size_t begin = at;
    while (at < text.size() && blank_size(text.substr(at)) == 0) {
      ++at;
    }
    if (at > begin) {
      add(begin, at, gap);
    }
  }
}

}  // namespace

std::string fold_whitespace(std::string_view text) {
  std::string folded;
  folded.reserve(text.size());
  for_each_word(text, [&](std::size_t begin, std::size_t end, std::size_t) {
    if (!folded.empty()) {
      folded += ' ';
    }
    folded += text.substr(begin, end - begin);
  });
  return folded;
}

FoldedText fold_whitespace_with_origins(std::string_view text) {
  FoldedText result;
  result.text.reserve(text.size());
  result.origins.reserve(text.size());
  for_each_word(text, [&](std::size_t begin, std::size_t end, std::size_t gap) {
    if (!result.text.empty()) {
      result.text += ' ';
      result.origins.push_back({gap, begin});
    }
    result.text += text.substr(begin, end - begin);
    for (std::size_t at = begin; at < end; ++at) {
      result.origins.push_back({at, at + 1});
    }
  });
  return result;
}

}  // namespace ncmlab
