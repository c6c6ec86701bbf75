// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ncmlab::bpe {

/// A token that is recognised in the text before the text is split into words.
struct AddedToken {
  std::string content;
  std::int64_t id = -1;
  bool single_word = false;  ///< only where no word character touches it
  bool lstrip = false;       ///< takes the white space before it
  bool rstrip = false;       ///< takes the white space after it
  bool normalized = false;   ///< looked for in the normalised text, itself normalised
  bool special = false;
};

/// Bytes [begin, end) of a text: an added token, or with id -1 the text between two of them.
struct Section {
  std::size_t begin = 0;
  std::size_t end = 0;
  std::int64_t id = -1;
};

/// Finds added tokens: the leftmost first, and of those the longest.
class AddedTokenFinder {
 public:
  struct Pattern {
    std::string text;
    const AddedToken* token;
  };
  /// The tokens that the patterns point at must outlive the finder. Of equal texts the first wins.
  explicit AddedTokenFinder(std::vector<Pattern> patterns);

  bool empty() const { return patterns_.empty(); }
  /// Sections in order that cover `text`; empty sections between tokens are left out.
  std::vector<Section> split(std::string_view text) const;

 private:
  const Pattern* match(std::string_view text, std::size_t at) const;

  std::vector<Pattern> patterns_;              ///< by first byte, longest first
  std::array<std::uint32_t, 257> first_ = {};  ///< by first byte: its patterns in patterns_
};

}  // namespace ncmlab::bpe
