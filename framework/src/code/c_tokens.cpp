// SPDX-License-Identifier: Apache-2.0
#include "code/c_tokens.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "code/characters.hpp"
#include "ncmlab/core/ascii.hpp"

namespace ncmlab::detail {
namespace {

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  CTokens run() {
    while (at_ < text_.size()) {
      step();
    }
    return std::move(result_);
  }

 private:
  bool looking_at(std::string_view wanted) const {
    return text_.substr(at_, wanted.size()) == wanted;
  }

  void step() {
    const char c = text_[at_];
    if (c == '\n') {
      ++at_;
      is_at_line_start_ = true;
      is_in_directive_ = false;
    } else if (looking_at("\\\n") || looking_at("\\\r\n")) {
      at_ = text_.find('\n', at_) + 1;
    } else if (c == ' ' || (c >= '\t' && c <= '\r')) {
      ++at_;
    } else if (looking_at("//")) {
      at_ = std::min(text_.find('\n', at_), text_.size());
    } else if (looking_at("/*")) {
      const std::size_t end = text_.find("*/", at_ + 2);
      at_ = end == std::string_view::npos ? text_.size() : end + 2;
    } else if (c == '#' && is_at_line_start_) {
      ++at_;
      is_at_line_start_ = false;
      is_in_directive_ = true;
      result_.directives.emplace_back();
    } else {
      is_at_line_start_ = false;
      add(take());
    }
  }

  void add(const CToken& token) {
    if (!is_in_directive_) {
      result_.tokens.push_back(token);
    } else if (CDirective& directive = result_.directives.back(); directive.name.empty()) {
      directive.name = token.text;
    } else {
      directive.tokens.push_back(token);
    }
  }

  CToken take() {
    const std::size_t begin = at_;
    const char c = text_[at_];
    CTokenKind kind = CTokenKind::sign;
    if (c == '"' || c == '\'') {
      kind = CTokenKind::literal;
      skip_literal(c);
    } else if (starts_word(c)) {
      kind = CTokenKind::word;
      while (at_ < text_.size() && is_word_byte(text_[at_])) {
        ++at_;
      }
      if (at_ < text_.size() && text_[at_] == '"' && begins_raw_literal(begin)) {
        kind = CTokenKind::literal;
        skip_raw_literal();
      }
    } else if (is_digit(c)) {
      kind = CTokenKind::number;
      while (at_ < text_.size() &&
             (is_word_byte(text_[at_]) || text_[at_] == '.' || separates_digits())) {
        ++at_;
      }
    } else {
      at_ += looking_at("->") || looking_at("##") || looking_at("::") ? 2 : 1;
    }
    return {text_.substr(begin, at_ - begin), kind};
  }

  bool begins_raw_literal(std::size_t begin) const {
    const std::string_view prefix = text_.substr(begin, at_ - begin);
    return prefix == "R" || prefix == "LR" || prefix == "uR" || prefix == "UR" || prefix == "u8R";
  }

  /// The quote of `1'000`.
  bool separates_digits() const {
    return text_[at_] == '\'' && at_ + 1 < text_.size() && is_word_byte(text_[at_ + 1]);
  }

  void skip_literal(char quote) {
    ++at_;
    while (at_ < text_.size() && text_[at_] != quote && text_[at_] != '\n') {
      at_ += text_[at_] == '\\' ? 2 : 1;
    }
    at_ = std::min(at_, text_.size());
    if (at_ < text_.size() && text_[at_] == quote) {
      ++at_;
    }
  }

  void skip_raw_literal() {
    const std::size_t open = std::min(text_.find('(', at_), text_.size());
    const std::string close =
        ")" + std::string(text_.substr(at_ + 1, open - std::min(open, at_ + 1))) + "\"";
    const std::size_t end = text_.find(close, open);
    at_ = end == std::string_view::npos ? text_.size() : end + close.size();
  }

  std::string_view text_;
  std::size_t at_ = 0;
  bool is_at_line_start_ = true;
  bool is_in_directive_ = false;
  CTokens result_;
};

void add_words(std::string_view text, std::span<const CToken> tokens,
               const std::set<std::string_view>& left_out, std::vector<CWord>& words) {
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const std::string_view word = tokens[i].text;
    if (!tokens[i].is_word() || left_out.contains(word)) {
      continue;
    }
    const auto begin = static_cast<std::size_t>(word.data() - text.data());
    const std::string_view previous = i == 0 ? std::string_view() : tokens[i - 1].text;
    const std::string_view next = i + 1 == tokens.size() ? std::string_view() : tokens[i + 1].text;
    words.push_back({.text = word,
                     .range = {begin, begin + word.size()},
                     .previous = previous,
                     .next = next.empty() ? '\0' : next.front(),
                     .is_pasted = previous.starts_with('#') || next == "##"});
  }
}

}  // namespace

CTokens read_c_tokens(std::string_view text) { return Reader(text).run(); }

CMacro read_macro(const CDirective& define) {
  const std::span<const CToken> tokens = define.tokens;
  CMacro macro;
  if (tokens.empty()) {
    return macro;
  }
  macro.name = tokens[0].text;
  std::size_t body = 1;
  macro.has_parameters = tokens.size() > 1 && tokens[1].is("(") &&
                         tokens[1].text.data() == macro.name.data() + macro.name.size();
  if (macro.has_parameters) {
    for (++body; body < tokens.size() && !tokens[body].is(")"); ++body) {
      if (tokens[body].is_word()) {
        macro.parameters.insert(tokens[body].text);
      }
    }
    macro.parameters.insert("__VA_ARGS__");
    ++body;
  }
  macro.body = tokens.subspan(std::min(body, tokens.size()));
  return macro;
}

std::vector<CWord> c_words(std::string_view text) {
  const CTokens read = read_c_tokens(text);
  std::vector<CWord> words;
  add_words(text, read.tokens, {}, words);
  for (const CDirective& directive : read.directives) {
    if (directive.name == "define") {
      const CMacro macro = read_macro(directive);
      add_words(text, macro.body, macro.parameters, words);
    }
  }
  std::ranges::sort(words, {}, [](const CWord& word) { return word.range.begin; });
  return words;
}

}  // namespace ncmlab::detail
