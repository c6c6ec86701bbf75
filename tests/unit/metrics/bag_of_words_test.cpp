// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/metrics/bag_of_words.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace ncmlab {
namespace {

using testing::ElementsAre;

TEST(FoldedSubWordsTest, PartsNamesAndFoldsCase) {
  EXPECT_THAT(folded_sub_words("def readHTTPFile_2(path): # Größe"),
              ElementsAre("def", "read", "httpfile", "2", "path", "gr", "e"));
  EXPECT_THAT(folded_sub_words(""), ElementsAre());
  EXPECT_THAT(folded_sub_words("a1b Open"), ElementsAre("a", "1", "b", "open"));
}

TEST(BagOfWordsTest, ScoresByHand) {
  const BagOfWords bag({"red red apple", "green apple", "blue"});
  // Rarities: apple ln(3/2) + 1, the others ln(3) + 1.
  const double apple = std::log(1.5) + 1, colour = std::log(3.0) + 1;
  const double red = (1 + std::log(2.0)) * colour;
  const std::vector<float> scores = bag.scores("an apple");
  ASSERT_EQ(scores.size(), 3U);
  EXPECT_NEAR(scores[0], apple / std::hypot(apple, red), 1e-6);
  EXPECT_NEAR(scores[1], apple / std::hypot(apple, colour), 1e-6);
  EXPECT_EQ(scores[2], 0);
  EXPECT_THAT(bag.scores("something else"), ElementsAre(0, 0, 0));
  EXPECT_NEAR(bag.scores("BLUE")[2], 1, 1e-6);
}

TEST(RandomMrrTest, IsTheMeanOverAllPlaces) {
  EXPECT_DOUBLE_EQ(random_mrr(1), 1);
  EXPECT_DOUBLE_EQ(random_mrr(4), (1 + 0.5 + 1.0 / 3 + 0.25) / 4);
  EXPECT_EQ(random_mrr(0), 0);
}

}  // namespace
}  // namespace ncmlab
