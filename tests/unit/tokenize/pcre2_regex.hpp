// SPDX-License-Identifier: Apache-2.0
#pragma once

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace ncmlab {

/// A regular expression over UTF-8 with Unicode's classes: an independent witness.
class Pcre2Regex {
 public:
  explicit Pcre2Regex(const std::string& pattern) {
    int error = 0;
    PCRE2_SIZE offset = 0;
    code_ = pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern.data()), pattern.size(),
                          PCRE2_UTF | PCRE2_UCP, &error, &offset, nullptr);
    if (code_ == nullptr) {
      throw std::invalid_argument(pattern);
    }
    match_ = pcre2_match_data_create_from_pattern(code_, nullptr);
  }
  ~Pcre2Regex() {
    pcre2_match_data_free(match_);
    pcre2_code_free(code_);
  }
  Pcre2Regex(const Pcre2Regex&) = delete;
  Pcre2Regex& operator=(const Pcre2Regex&) = delete;

  bool matches(std::string_view text) const { return end_of_match(text, 0) >= 0; }

  /// The ends of the matches that follow each other from the start of `text`.
  std::vector<std::size_t> match_ends(std::string_view text) const {
    std::vector<std::size_t> ends;
    for (std::size_t at = 0; at < text.size(); at = ends.back()) {
      const auto end = end_of_match(text, at);
      if (end < 0) {
        throw std::runtime_error("no match");
      }
      ends.push_back(static_cast<std::size_t>(end));
    }
    return ends;
  }

  static std::string unicode_version() {
    char version[64] = {};
    pcre2_config(PCRE2_CONFIG_UNICODE_VERSION, version);
    return version;
  }

 private:
  std::ptrdiff_t end_of_match(std::string_view text, std::size_t at) const {
    const int found = pcre2_match(code_, reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(), at,
                                  0, match_, nullptr);
    return found < 0 ? -1 : static_cast<std::ptrdiff_t>(pcre2_get_ovector_pointer(match_)[1]);
  }

  pcre2_code* code_;
  pcre2_match_data* match_;
};

}  // namespace ncmlab
