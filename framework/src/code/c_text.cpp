// SPDX-License-Identifier: Apache-2.0
#include "code/c_text.hpp"

#include <algorithm>

#include "code/c_tokens.hpp"

namespace ncmlab::detail {
namespace {

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
