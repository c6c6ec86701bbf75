// SPDX-License-Identifier: Apache-2.0
#include "code/c_text.hpp"

#include <algorithm>
#include <unordered_set>

namespace ncmlab::detail {

bool starts_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$' ||
         static_cast<unsigned char>(c) >= 0x80;
}

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_word_byte(char c) { return starts_word(c) || is_digit(c); }
bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v'; }

/// The offset after the line that holds `offset`, lines joined by a backslash counted as one.
std::size_t logical_line_end(std::string_view text, std::size_t offset) {
  while (offset < text.size()) {
    if (text[offset] == '\\' && text.substr(offset + 1, 2) == "\r\n") {
      offset += 3;
    } else if (text[offset] == '\\' && offset + 1 < text.size()) {
      offset += 2;
    } else if (text[offset] == '\n') {
      return offset + 1;
    } else {
      ++offset;
    }
  }
  return text.size();
}

class CLexer {
 public:
  explicit CLexer(std::string_view text) : text_(text) {}

  std::vector<CWord> run() {
    while (at_ < text_.size()) {
      if (at_ >= define_end_) {
        macro_parameters_.clear();
      }
      step();
    }
    for (std::size_t i = 0; i < words_.size(); ++i) {
      finish(words_[i]);
    }
    return std::move(words_);
  }

 private:
  bool looking_at(std::string_view wanted) const {
    return text_.substr(at_, wanted.size()) == wanted;
  }

  void step() {
    const char c = text_[at_];
    if (c == '\n') {
      at_line_start_ = true;
      ++at_;
    } else if (is_blank(c) || c == '\\') {
      ++at_;
    } else if (looking_at("//")) {
      at_ = std::min(text_.find('\n', at_), text_.size());
    } else if (looking_at("/*")) {
      const auto end = text_.find("*/", at_ + 2);
      at_ = end == std::string_view::npos ? text_.size() : end + 2;
    } else if (c == '#' && at_line_start_) {
      directive();
    } else {
      at_line_start_ = false;
      token(c);
    }
  }

  void token(char c) {
    const std::size_t begin = at_;
    if (c == '"' || c == '\'') {
      skip_literal(c);
    } else if (starts_word(c)) {
      const std::string_view word = take_word();
      if (macro_parameters_.count(word) == 0) {
        words_.push_back({word, {begin, at_}, previous_});
      }
    } else if (is_digit(c)) {
      while (at_ < text_.size() && (is_word_byte(text_[at_]) || text_[at_] == '.')) {
        ++at_;
      }
    } else {
      at_ += looking_at("->") || looking_at("##") ? 2 : 1;
    }
    previous_ = text_.substr(begin, at_ - begin);
  }

  std::string_view take_word() {
    const std::size_t begin = at_;
    while (at_ < text_.size() && is_word_byte(text_[at_])) {
      ++at_;
    }
    return text_.substr(begin, at_ - begin);
  }

  void skip_literal(char quote) {
    ++at_;
    while (at_ < text_.size() && text_[at_] != quote && text_[at_] != '\n') {
      at_ += text_[at_] == '\\' ? 2 : 1;
    }
    at_ = std::min(at_ + 1, text_.size());
  }

  void skip_blanks() {
    while (at_ < text_.size() && is_blank(text_[at_])) {
      ++at_;
    }
  }

  void directive() {
    const std::size_t end = logical_line_end(text_, at_);
    ++at_;
    skip_blanks();
    if (take_word() != "define") {
      at_ = end;
      return;
    }
    skip_blanks();
    take_word();
    if (at_ < end && text_[at_] == '(') {
      while (at_ < end && text_[at_] != ')') {
        if (starts_word(text_[at_])) {
          macro_parameters_.insert(take_word());
        } else {
          ++at_;
        }
      }
    }
    define_end_ = end;
    at_line_start_ = false;
    previous_ = {};
  }

  void finish(CWord& word) const {
    std::size_t after = word.range.end;
    while (after < text_.size() && (is_blank(text_[after]) || text_[after] == '\n')) {
      ++after;
    }
    word.next = after < text_.size() ? text_[after] : '\0';
    word.is_pasted =
        (!word.previous.empty() && word.previous.front() == '#') || text_.substr(after, 2) == "##";
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t define_end_ = 0;
  bool at_line_start_ = true;
  std::string_view previous_;
  std::unordered_set<std::string_view> macro_parameters_;
  std::vector<CWord> words_;
};

void blank(std::string& text, std::size_t begin, std::size_t end) {
  for (std::size_t i = begin; i < end; ++i) {
    if (text[i] != '\n' && text[i] != '\r') {
      text[i] = ' ';
    }
  }
}

bool is_one_of(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

bool is_type_word(std::string_view word) {
  return is_one_of(word, {"void", "char", "short", "int", "long", "float", "double", "signed",
                          "unsigned", "bool", "_Bool", "struct", "union", "enum"}) ||
         (word.size() > 2 && word.substr(word.size() - 2) == "_t");
}

bool is_specifier(std::string_view word) {
  return is_one_of(word, {"static", "extern", "inline", "const", "volatile", "register", "__inline",
                          "__inline__", "_Noreturn", "restrict", "auto"});
}

}  // namespace

std::vector<CWord> c_words(std::string_view text) { return CLexer(text).run(); }

std::string keep_first_branches(std::string_view text) {
  struct Group {
    bool is_taken;  // some branch of the group is already kept
    bool is_kept;   // the present branch is kept
  };
  std::vector<Group> groups;
  std::string result(text);
  std::size_t begin = 0;
  while (begin < text.size()) {
    std::size_t end = std::min(text.find('\n', begin), text.size() - 1) + 1;
    const auto first = text.find_first_not_of(" \t", begin);
    const bool kept = std::all_of(groups.begin(), groups.end(), [](Group g) { return g.is_kept; });
    if (first < end && text[first] == '#') {
      end = logical_line_end(text, begin);
      const auto word_begin = std::min(text.find_first_not_of(" \t", first + 1), end);
      const std::string_view directive = text.substr(word_begin, end - word_begin);
      if (directive.substr(0, 2) == "if") {
        const bool is_false = directive.substr(0, 4) == "if 0";
        groups.push_back({!is_false, !is_false});
      } else if (directive.substr(0, 2) == "el" && !groups.empty()) {
        groups.back().is_kept = !groups.back().is_taken;
        groups.back().is_taken = true;
      } else if (directive.substr(0, 5) == "endif" && !groups.empty()) {
        groups.pop_back();
      }
      blank(result, begin, end);
    } else if (!kept) {
      blank(result, begin, end);
    }
    begin = end;
  }
  return result;
}

CHeader inspect_header(std::string_view text) {
  CHeader header;
  std::vector<ByteRange> unknown;
  bool has_type = false;
  bool follows_tag_keyword = false;
  for (const CWord& word : c_words(text)) {
    if (word.next == '(' || word.previous == "(" || word.next == '{') {
      break;
    }
    if (is_type_word(word.text)) {
      has_type = true;
    } else if (!is_specifier(word.text) && !follows_tag_keyword) {
      unknown.push_back(word.range);
    }
    follows_tag_keyword = is_one_of(word.text, {"struct", "union", "enum"});
  }
  header.lacks_type = !has_type && unknown.empty();
  if (!has_type && !unknown.empty()) {
    unknown.pop_back();
  }
  header.macros = std::move(unknown);
  return header;
}

std::string blank_out(std::string_view text, const std::vector<ByteRange>& ranges) {
  std::string result(text);
  for (const ByteRange& range : ranges) {
    blank(result, range.begin, range.end);
  }
  return result;
}

}  // namespace ncmlab::detail
