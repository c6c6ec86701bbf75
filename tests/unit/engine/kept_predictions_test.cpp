// SPDX-License-Identifier: Apache-2.0
#include "engine/kept_predictions.hpp"

#include <gtest/gtest.h>

namespace ncmlab {
namespace {

TEST(KeptPredictionsTest, HoldsTheAnswersOfOneVictim) {
  KeptPredictions kept;
  int made = 0;
  const auto ask = [&](const std::string& victim, const std::string& name) {
    return kept
        .get(victim, name,
             [&] {
               ++made;
               return Predictions{.labels = {made}, .vectors = {}, .work = {}};
             })
        .labels.front();
  };
  EXPECT_EQ(ask("a", "clean"), 1);
  EXPECT_EQ(ask("a", "attack 1"), 2);
  EXPECT_EQ(ask("a", "clean"), 1);
  EXPECT_EQ(kept.size(), 2U);
  EXPECT_EQ(ask("b", "clean"), 3);
  EXPECT_EQ(kept.size(), 1U) << "the cells of `a` are done";
  EXPECT_EQ(ask("a", "clean"), 4);
}

}  // namespace
}  // namespace ncmlab
