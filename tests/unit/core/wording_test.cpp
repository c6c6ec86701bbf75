// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/core/wording.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ncmlab/core/ascii.hpp"

namespace ncmlab {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(WordingTest, JoinsTexts) {
  const std::vector<std::string> names = {"a", "b", "c"};
  EXPECT_EQ(joined(names, "; "), "a; b; c");
  EXPECT_EQ(joined(std::vector<std::string>{"", "b"}, ","), ",b");
  EXPECT_EQ(joined(std::vector<std::string>(), ", "), "");
  EXPECT_EQ(ticked_list(names), "`a`, `b`, `c`");
  EXPECT_EQ(ticked_list(names, " or ", [](const std::string& name) { return name + "1"; }),
            "`a1` or `b1` or `c1`");
}

TEST(WordingTest, SplitsTexts) {
  EXPECT_THAT(split_at("a\n\nb\n", '\n'), ElementsAre("a", "", "b", ""));
  EXPECT_THAT(split_at("", ' '), ElementsAre(""));
}

TEST(WordingTest, CountsAndNamesThings) {
  EXPECT_EQ(counted(1, "cell"), "1 cell");
  EXPECT_EQ(counted(0, "cell"), "0 cells");
  EXPECT_EQ(with_article("attack"), "an attack");
  EXPECT_EQ(with_article("list of strings"), "a list of strings");
}

TEST(AsciiTest, TakesBytesBeyondAsciiForNothing) {
  EXPECT_EQ(lower("AbZ_9\xc3\x84"), "abz_9\xc3\x84");
  EXPECT_FALSE(is_letter('\xc4') || is_digit('\xb2') || is_letter('@') || is_letter('['));
}

/// The name that similar_name() finds among `names`; empty if there is none.
std::string suggested(std::string_view word, const std::vector<std::string>& names) {
  const std::vector<std::string> help = similar_name("key", word, names);
  return help.empty() ? "" : help.front().substr(help.front().find('`'));
}

TEST(SimilarNameTest, SaysWhatExists) {
  EXPECT_THAT(similar_name("option", "jsn", {"json"}),
              ElementsAre("an option with a similar name exists: `json`"));
  EXPECT_THAT(similar_name("task", "x", {}), IsEmpty());
}

TEST(SimilarNameTest, FindsTheNearest) {
  const std::vector<std::string> known = {"epochs", "batch_size", "learning_rate"};
  EXPECT_EQ(suggested("epohcs", known), "`epochs`");
  EXPECT_EQ(suggested("EPOCHS", known), "`epochs`");
  EXPECT_EQ(suggested("lerning_rat", known), "`learning_rate`");
  EXPECT_EQ(suggested("batchsize", known), "`batch_size`");
}

TEST(SimilarNameTest, CountsSwappedNeighboursAsOneEdit) {
  EXPECT_EQ(suggested("ab", {"ba"}), "`ba`");
  EXPECT_EQ(suggested("ab", {"cd"}), "");
}

TEST(SimilarNameTest, StaysSilentWhenNothingIsNear) {
  EXPECT_EQ(suggested("seed", {"epochs"}), "");
  EXPECT_EQ(suggested("abcdefghij", {"abcdef"}), "");
  EXPECT_EQ(suggested("abcdefghij", {"abcdefg"}), "`abcdefg`");
  EXPECT_EQ(suggested("a", {"b"}), "");
  EXPECT_EQ(suggested("", {"b"}), "");
}

TEST(SimilarNameTest, TakesLongWordsWithoutMuchMemory) {
  EXPECT_EQ(suggested(std::string(5'000'000, 'a'), {"abc", std::string(1000, 'a')}), "");
}

}  // namespace
}  // namespace ncmlab
