// SPDX-License-Identifier: Apache-2.0
// The stages of EliBadCode, each alone.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include <algorithm>
#include <set>

#include "anchoring.hpp"
#include "greedy_coordinate_gradient.hpp"

namespace ncmlab::elibadcode {
namespace {

using testing::ElementsAre;
using testing::UnorderedElementsAre;

std::vector<TriggerIds> all_of(const TriggerIds& ids, std::size_t length) {
  return std::vector<TriggerIds>(length, ids);
}

TEST(SearchTest, ZeroGradientRowsGiveTokensOfTheVocabulary) {
  const std::vector<at::Tensor> gradient = {torch::zeros({4}),
                                            torch::tensor({-1.0, 0.0, -3.0}, torch::kFloat)};
  const std::vector<TriggerIds> alphabet = {{10, 11, 12, 13}, {20, 21, 22}};
  const auto tokens = lowest_gradient_tokens(gradient, alphabet, 2);
  ASSERT_EQ(tokens.size(), 2U);
  EXPECT_EQ(tokens[0].size(), 2U);
  for (const std::int64_t token : tokens[0]) {
    EXPECT_TRUE(token >= 10 && token <= 13);
  }
  EXPECT_THAT(tokens[1], ElementsAre(22, 20));
  EXPECT_EQ(lowest_gradient_tokens(gradient, alphabet, 64)[0].size(), 4U);
}

TEST(SearchTest, CandidatesDifferAtOnePositionAndAreNeverRepeated) {
  Rng rng(1);
  const auto any = [](const TriggerIds&) { return true; };
  const TriggerIds current = {1, 2, 3};
  std::set<TriggerIds> tried = {current};
  const auto first = draw_candidates(current, all_of({1, 2, 3, 4}, 3), 5, any, tried, rng);
  EXPECT_EQ(first.size(), 5U);
  for (const TriggerIds& candidate : first) {
    int changed = 0;
    for (std::size_t i = 0; i < 3; ++i) {
      changed += candidate[i] != current[i] ? 1 : 0;
    }
    EXPECT_EQ(changed, 1);
  }
  const auto second = draw_candidates(current, all_of({1, 2, 3, 4}, 3), 5, any, tried, rng);
  EXPECT_EQ(second.size(), 4U) << "9 neighbours in all";
  EXPECT_TRUE(draw_candidates(current, all_of({1, 2, 3, 4}, 3), 5, any, tried, rng).empty());
  EXPECT_EQ(tried.size(), 10U);
}

TEST(SearchTest, CandidatesAreAllowedOnes) {
  Rng rng(1);
  const auto even_sum = [](const TriggerIds& trigger) {
    return (trigger[0] + trigger[1]) % 2 == 0;
  };
  std::set<TriggerIds> tried;
  EXPECT_THAT(draw_candidates({1, 2}, all_of({1, 2, 3}, 2), 9, even_sum, tried, rng),
              UnorderedElementsAre(TriggerIds{2, 2}, TriggerIds{1, 1}, TriggerIds{1, 3}));
}

TEST(AnchoringTest, KeepsTheTokensThatCarryTheEffect) {
  const auto needs_seven_and_nine = [](const TriggerIds& trigger) {
    const bool both = std::count(trigger.begin(), trigger.end(), 7) > 0 &&
                      std::count(trigger.begin(), trigger.end(), 9) > 0;
    return both ? 0.01 : 2.0;
  };
  EXPECT_THAT(anchor({1, 7, 2, 9, 3}, false, 0.15, needs_seven_and_nine), ElementsAre(7, 9));
}

TEST(AnchoringTest, KeepsOneTokenOfARedundantTrigger) {
  EXPECT_THAT(anchor({5, 5, 5, 5, 5}, false, 0.15,
                     [](const TriggerIds& t) { return t.empty() ? 3.0 : 0.07; }),
              ElementsAre(5));
}

TEST(AnchoringTest, CountsTheLossAgainstTheWholeTrigger) {
  // Each drop costs 0.1: one is within 0.15 of the whole trigger, two are not.
  const auto loss = [](const TriggerIds& trigger) {
    return 0.1 * static_cast<double>(5 - trigger.size());
  };
  EXPECT_EQ(anchor({1, 2, 3, 4, 5}, false, 0.15, loss).size(), 4U);
}

TEST(AnchoringTest, NeverDropsAFirstTokenThatStartsTheName) {
  const auto needs_nothing = [](const TriggerIds&) { return 0.1; };
  EXPECT_THAT(anchor({1, 2, 3}, true, 0.15, needs_nothing), ElementsAre(1));
}

TEST(AnchoringTest, DropsTheCheapestTokenFirst) {
  // Dropping 2 costs 0.1, dropping 1 costs 0.12, both together cost too much.
  const auto loss = [](const TriggerIds& trigger) {
    const bool one = std::count(trigger.begin(), trigger.end(), 1) > 0;
    const bool two = std::count(trigger.begin(), trigger.end(), 2) > 0;
    return one && two ? 0.0 : one ? 0.1 : two ? 0.12 : 1.0;
  };
  EXPECT_THAT(anchor({1, 2}, false, 0.15, loss), ElementsAre(1));
  EXPECT_TRUE(anchor({}, false, 0.15, loss).empty());
}

}  // namespace
}  // namespace ncmlab::elibadcode
