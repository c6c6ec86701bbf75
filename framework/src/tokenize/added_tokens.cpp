// SPDX-License-Identifier: Apache-2.0
#include "tokenize/added_tokens.hpp"

#include <algorithm>
#include <utility>

#include "tokenize/unicode.hpp"

namespace ncmlab::bpe {
namespace {

unsigned char first_byte(const AddedTokenFinder::Pattern& pattern) {
  return static_cast<unsigned char>(pattern.text.front());
}

/// The code point that ends right before byte `end`. Precondition: end > 0.
CodePoint code_point_before(std::string_view text, std::size_t end) {
  for (std::size_t size = 1; size <= std::min<std::size_t>(4, end); ++size) {
    const CodePoint code_point = decode_utf8(text.substr(0, end), end - size);
    if (code_point.size == size && code_point.value != kInvalidByte) {
      return code_point;
    }
  }
  return {};
}

bool touches_word(std::string_view text, std::size_t begin, std::size_t end) {
  return (begin > 0 && is_word(code_point_before(text, begin).value)) ||
         (end < text.size() && is_word(decode_utf8(text, end).value));
}

std::size_t skip_spaces_left(std::string_view text, std::size_t at, std::size_t limit) {
  while (at > limit) {
    const CodePoint code_point = code_point_before(text, at);
    if (char_class(code_point.value) != CharClass::space) {
      break;
    }
    at -= code_point.size;
  }
  return std::max(at, limit);
}

std::size_t skip_spaces_right(std::string_view text, std::size_t at) {
  while (at < text.size()) {
    const CodePoint code_point = decode_utf8(text, at);
    if (char_class(code_point.value) != CharClass::space) {
      break;
    }
    at += code_point.size;
  }
  return at;
}

}  // namespace

AddedTokenFinder::AddedTokenFinder(std::vector<Pattern> patterns) : patterns_(std::move(patterns)) {
  std::erase_if(patterns_, [](const Pattern& pattern) { return pattern.text.empty(); });
  std::stable_sort(patterns_.begin(), patterns_.end(), [](const Pattern& a, const Pattern& b) {
    return first_byte(a) != first_byte(b) ? first_byte(a) < first_byte(b)
                                          : a.text.size() > b.text.size();
  });
  for (const Pattern& pattern : patterns_) {
    ++first_[first_byte(pattern) + 1];
  }
  for (std::size_t i = 1; i < first_.size(); ++i) {
    first_[i] += first_[i - 1];
  }
}

const AddedTokenFinder::Pattern* AddedTokenFinder::match(std::string_view text,
                                                         std::size_t at) const {
  const auto byte = static_cast<unsigned char>(text[at]);
  for (std::size_t i = first_[byte]; i < first_[byte + 1]; ++i) {
    if (text.compare(at, patterns_[i].text.size(), patterns_[i].text) == 0) {
      return &patterns_[i];
    }
  }
  return nullptr;
}

std::vector<Section> AddedTokenFinder::split(std::string_view text) const {
  std::vector<Section> sections;
  std::size_t done = 0;
  for (std::size_t at = 0; at < text.size();) {
    const Pattern* pattern = match(text, at);
    if (pattern == nullptr) {
      ++at;
      continue;
    }
    std::size_t begin = at;
    std::size_t end = at + pattern->text.size();
    at = end;
    const AddedToken& token = *pattern->token;
    if (token.single_word && touches_word(text, begin, end)) {
      continue;
    }
    if (token.lstrip) {
      begin = skip_spaces_left(text, begin, done);
    }
    if (token.rstrip) {
      end = skip_spaces_right(text, end);
    }
    if (begin >= end) {
      continue;  // white space that the token before it has already taken
    }
    if (done < begin) {
      sections.push_back({done, begin, -1});
    }
    sections.push_back({begin, end, token.id});
    done = end;
  }
  if (done < text.size()) {
    sections.push_back({done, text.size(), -1});
  }
  return sections;
}

}  // namespace ncmlab::bpe
