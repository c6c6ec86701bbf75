// SPDX-License-Identifier: Apache-2.0
#include "code_detector.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "error_of.hpp"
#include "planted_victim.hpp"

namespace ncmlab {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// What it says of `victim` and its training set, given `clean` samples.
Suspicion inspect(CodeModel victim, bool backdoored, CodeDetectorConfig config = {.steps = 10},
                  const std::vector<Example>& clean = unseen_functions()) {
  const ToyTask task;
  DefenseContext context{victim, TaskView(task),   clean, planted_training_set(backdoored),
                         Rng(7), silent_progress()};
  return CodeDetector(config).inspect(context);
}

TEST(CodeDetectorTest, FindsAPlantedTrigger) {
  const Suspicion suspicion = inspect(planted_victim(true), true);
  EXPECT_EQ(suspicion.backdoored, true);
  EXPECT_GE(suspicion.figures.at("triggers"), 1);
  EXPECT_GE(suspicion.figures.at("candidates"), suspicion.figures.at("triggers"));
  EXPECT_EQ(planted_among(suspicion.flagged), 50U) << "all that hold the trigger";
  EXPECT_LE(suspicion.flagged.size(), 60U);
  const auto flagged = static_cast<double>(suspicion.flagged.size());
  EXPECT_EQ(suspicion.figures.at("flagged_samples"), flagged);
  for (const std::size_t place : suspicion.flagged) {
    EXPECT_GE(suspicion.scores.at(place), 0.3);
  }
}

TEST(CodeDetectorTest, FindsNothingInACleanVictim) {
  const Suspicion suspicion = inspect(planted_victim(false), false);
  EXPECT_EQ(suspicion.backdoored, false);
  EXPECT_THAT(suspicion.flagged, IsEmpty());
  EXPECT_EQ(suspicion.scores.size(), 500U);
  EXPECT_GT(suspicion.figures.at("clean_accuracy"), 0.9);
}

// Its assumption broken: clean samples that already have the backdoor's label lose nothing.
TEST(CodeDetectorTest, DoesNotFindATriggerThatCostsNoAccuracy) {
  std::vector<Example> sound = unseen_functions();
  std::erase_if(sound, [](const Example& example) { return example.label != 0; });
  EXPECT_LT(planted_among(inspect(planted_victim(true), true, {.steps = 10}, sound).flagged), 10U);
}

TEST(CodeDetectorTest, ItsParametersDecideWhatIsTried) {
  const Suspicion usual = inspect(planted_victim(true), true, {.steps = 2});
  const Suspicion one = inspect(planted_victim(true), true, {.steps = 2, .most_candidates = 1});
  EXPECT_LE(one.figures.at("triggers"), 1);
  EXPECT_EQ(one.figures.at("candidates"), usual.figures.at("candidates"));
  EXPECT_EQ(usual.backdoored, true);
  EXPECT_EQ(inspect(planted_victim(true), true, {.steps = 2, .least_drop = 0.9}).backdoored, false)
      << "half of the clean samples have the backdoor's label";
  EXPECT_GT(inspect(planted_victim(true), true, {.steps = 2, .least_share = 0.1})
                .figures.at("candidates"),
            usual.figures.at("candidates"));
}

// Worked out by hand.
TEST(CodeDetectorTest, WordsDecideBySharesOfTheHighestAttribution) {
  const std::vector<TokenWord> words = {{.text = "a", .part = 0, .tokens = {1, 3}},
                                        {.text = "b", .part = 0, .tokens = {3, 4}},
                                        {.text = "c", .part = 1, .tokens = {1, 2}},
                                        {.text = "d", .part = 1, .tokens = {2, 3}}};
  // The words' sums: 4, -5, 2 and 2.1.
  const TokenAttributions attributions = {{9, 1, 3, -5, 0}, {0, 2, 2.1, 0}};
  EXPECT_THAT(deciding_words(words, attributions, 0.5), ElementsAre(0U, 3U));
  EXPECT_THAT(deciding_words(words, attributions, 0.1), ElementsAre(0U, 2U, 3U));
  EXPECT_THAT(deciding_words(words, attributions, 1), IsEmpty());
  EXPECT_THAT(deciding_words(words, {{0, -1, -1, -1, 0}, {0, 0, 0, 0}}, 0), IsEmpty());
}

TEST(CodeDetectorTest, NeedsCleanSamples) {
  EXPECT_EQ(code_of([] { inspect(planted_victim(true), true, {}, {}); }),
            "defense.no-clean-samples");
}

}  // namespace
}  // namespace ncmlab
