// SPDX-License-Identifier: Apache-2.0
#include "config/toml_nesting.hpp"

#include <algorithm>

namespace ncmlab::config {
namespace {

class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  std::optional<TooDeep> run() {
    while (at_ < text_.size() && !found_) {
      step();
    }
    return found_;
  }

 private:
  void step() {
    const char c = text_[at_];
    if (c == '"' || c == '\'') {
      skip_string(c);
      return;
    }
    if (c == '#') {
      at_ = std::min(text_.find('\n', at_), text_.size());
      return;
    }
    if (c == '.') {
      ++dots_;
    } else if (c == '[' || c == '{') {
      dots_ = 0;
      open(++levels_);
    } else if (c == ']' || c == '}') {
      end_key();
      levels_ -= levels_ > 0 ? 1 : 0;
    } else if (c == '=' || c == ',' || c == '\n') {
      end_key();
    }
    ++at_;
  }

  void open(std::size_t level) {
    if (level == kDeepestToml + 1) {
      const std::size_t all = deepest_level();
      fail("arrays and inline tables nest " + std::to_string(all) + " levels deep", at_);
    }
  }

  /// How deep it goes on, for the message.
  std::size_t deepest_level() const {
    std::size_t level = levels_;
    for (std::size_t at = at_ + 1; at < text_.size() && (text_[at] == '[' || text_[at] == '{');
         ++at) {
      ++level;
    }
    return level;
  }

  void end_key() {
    if (dots_ >= kDeepestToml) {
      const std::size_t newline = at_ == 0 ? std::string_view::npos : text_.rfind('\n', at_ - 1);
      const bool is_header = text_[at_] == ']';
      fail(std::string(is_header ? "a table header has " : "a key has ") +
               std::to_string(dots_ + 1) + " parts",
           newline == std::string_view::npos ? 0 : newline + 1);
    }
    dots_ = 0;
  }

  void skip_string(char quote) {
    const std::string three(3, quote);
    const bool is_long = text_.substr(at_, 3) == three;
    at_ += is_long ? 3 : 1;
    for (; at_ < text_.size(); ++at_) {
      if (text_[at_] == '\\' && quote == '"') {
        ++at_;
      } else if (is_long && text_.substr(at_, 3) == three) {
        at_ += 3;
        // One or two quotes may belong to the text and stand right before the end.
        for (int i = 0; i < 2 && at_ < text_.size() && text_[at_] == quote; ++i) {
          ++at_;
        }
        return;
      } else if (!is_long && (text_[at_] == quote || text_[at_] == '\n')) {
        at_ += text_[at_] == quote ? 1 : 0;
        return;
      }
    }
  }

  void fail(const std::string& what, std::size_t at) {
    const std::string_view before = text_.substr(0, at);
    const std::size_t newline = before.rfind('\n');
    const std::string_view line =
        before.substr(newline == std::string_view::npos ? 0 : newline + 1);
    found_ = TooDeep{.what = what + ", at most " + std::to_string(kDeepestToml) + " are read",
                     .line = 1 + static_cast<int>(std::ranges::count(before, '\n')),
                     .column = 1 + static_cast<int>(std::ranges::count_if(
                                       line, [](unsigned char byte) { return (byte >> 6) != 2; }))};
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t dots_ = 0;
  std::size_t levels_ = 0;
  std::optional<TooDeep> found_;
};

}  // namespace

std::optional<TooDeep> too_deep(std::string_view text) {
  // A key may end with the text.
  const std::string closed = std::string(text) + "\n";
  return Scanner(closed).run();
}

}  // namespace ncmlab::config
