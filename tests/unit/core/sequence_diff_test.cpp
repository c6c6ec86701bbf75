// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/core/sequence_diff.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "ncmlab/core/rng.hpp"

namespace ncmlab {
namespace {

std::vector<char> items(const std::string& text) { return {text.begin(), text.end()}; }

std::vector<DiffHunk> diff_of(const std::string& first, const std::string& second) {
  return diff(items(first), items(second));
}

std::size_t edits(const std::vector<DiffHunk>& hunks) {
  std::size_t count = 0;
  for (const DiffHunk& hunk : hunks) {
    count += hunk.removed() + hunk.added();
  }
  return count;
}

/// By the textbook recurrence.
std::size_t longest_common_subsequence(const std::string& a, const std::string& b) {
  std::vector<std::vector<std::size_t>> length(a.size() + 1,
                                               std::vector<std::size_t>(b.size() + 1, 0));
  for (std::size_t i = 1; i <= a.size(); ++i) {
    for (std::size_t j = 1; j <= b.size(); ++j) {
      length[i][j] = a[i - 1] == b[j - 1] ? length[i - 1][j - 1] + 1
                                          : std::max(length[i - 1][j], length[i][j - 1]);
    }
  }
  return length[a.size()][b.size()];
}

TEST(SequenceDiffTest, FindsReplacementsInsertionsAndRemovals) {
  EXPECT_TRUE(diff_of("", "").empty());
  EXPECT_TRUE(diff_of("abc", "abc").empty());
  EXPECT_EQ(diff_of("abc", "axc"), (std::vector<DiffHunk>{{1, 2, 1, 2}}));
  EXPECT_EQ(diff_of("ac", "abbc"), (std::vector<DiffHunk>{{1, 1, 1, 3}}));
  EXPECT_EQ(diff_of("abc", ""), (std::vector<DiffHunk>{{0, 3, 0, 0}}));
  EXPECT_EQ(diff_of("xabcx", "yabcy"), (std::vector<DiffHunk>{{0, 1, 0, 1}, {4, 5, 4, 5}}));
}

TEST(SequenceDiffTest, GivesShortestScriptsThatRebuildTheSecond) {
  Rng rng(1);
  for (int round = 0; round < 500; ++round) {
    std::string first, second;
    for (std::string* text : {&first, &second}) {
      for (std::uint64_t left = rng.below(20); left > 0; --left) {
        *text += static_cast<char>('a' + rng.below(3));
      }
    }
    const std::vector<DiffHunk> hunks = diff_of(first, second);
    std::string rebuilt;
    std::size_t at = 0;
    for (const DiffHunk& hunk : hunks) {
      rebuilt += first.substr(at, hunk.first_begin - at);
      rebuilt += second.substr(hunk.second_begin, hunk.added());
      at = hunk.first_end;
    }
    EXPECT_EQ(rebuilt + first.substr(at), second) << first;
    EXPECT_EQ(edits(hunks),
              first.size() + second.size() - 2 * longest_common_subsequence(first, second))
        << first << " " << second;
  }
}

TEST(SequenceDiffTest, GivesUpOnSequencesThatHaveNothingInCommon) {
  const std::string first = "=" + std::string(3000, 'a') + "=";
  const std::string second = "=" + std::string(3000, 'b') + "=";
  EXPECT_EQ(diff_of(first, second), (std::vector<DiffHunk>{{1, 3001, 1, 3001}}));
}

}  // namespace
}  // namespace ncmlab
