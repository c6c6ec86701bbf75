// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/data/generated_corpus.hpp"

#include <gtest/gtest.h>

namespace ncmlab {
namespace {

TEST(GeneratedCorpusTest, NamesSamplesAndDrawsEachSplitFromAStreamOfItsOwn) {
  const auto write = [](std::int64_t size, Rng rng) {
    std::vector<Example> examples(static_cast<std::size_t>(size));
    for (Example& example : examples) {
      example.code = std::to_string(rng.next());
    }
    return examples;
  };
  const Corpus small = generate_corpus({.train = 3, .valid = 0, .test = 2}, Rng(1), write);
  const Corpus large = generate_corpus({.train = 9, .valid = 4, .test = 2}, Rng(1), write);
  EXPECT_EQ(small.test, large.test);
  EXPECT_TRUE(small.valid.empty());
  ASSERT_EQ(small.train.size(), 3U);
  EXPECT_EQ(small.train[2].id, "builtin-train-2");
  EXPECT_NE(small.train[0].code, small.test[0].code);
}

TEST(GeneratedCorpusTest, FillsTemplates) {
  EXPECT_EQ(choose_form("a@{ + @| - @}b@{1@|@};", false), "a + b1;");
  EXPECT_EQ(choose_form("a@{ + @| - @}b@{1@|@};", true), "a - b;");
  EXPECT_EQ(fill_holes("$x = $y; $", [](char hole) { return std::string(2, hole); }), "xx = yy; $");
}

}  // namespace
}  // namespace ncmlab
