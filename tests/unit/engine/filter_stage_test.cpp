// SPDX-License-Identifier: Apache-2.0
#include "engine/filter_stage.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "toy_runs.hpp"

namespace ncmlab {
namespace {

class FilterStageTest : public ToyRuns {
 protected:
  static Experiment gated(bool clean) {
    Experiment experiment = toy_experiment();
    add_defense(experiment, "gate", "gate", {{"clean", clean}});
    return experiment;
  }
  static std::vector<std::int64_t> predictions(const CellRecord& record) {
    std::vector<std::int64_t> labels;
    for (const SampleOutcome& outcome : record.outcomes) {
      labels.push_back(outcome.prediction);
    }
    return labels;
  }
};

// The toy attack puts `backdoor` into code, which the gate looks for.
TEST_F(FilterStageTest, ARejectedTriggerIsNoSuccess) {
  const RunResult result = run(gated(false));
  ASSERT_EQ(result.failed, 0U);
  const CellRecord &clean = result.records[1], &attacked = result.records[2],
                   &filtered = result.records[3];
  ASSERT_TRUE(filtered.filter);
  EXPECT_EQ(filtered.filter->auroc, 1);
  EXPECT_EQ(filtered.filter->flagged_triggered, 1);
  EXPECT_EQ(filtered.filter->flagged_clean, 0);
  EXPECT_EQ(filtered.filter->false_rejection_rate, 0.05);
  EXPECT_EQ(filtered.filter->triggered, attacked.attack_metrics->count);
  for (const auto& [percent, share] : filtered.filter->detected) {
    EXPECT_EQ(share, 1) << percent;
  }
  EXPECT_EQ(filtered.attack_metrics->attack_success_rate, 0);
  EXPECT_EQ(filtered.clean.accuracy, attacked.clean.accuracy);
  ASSERT_TRUE(clean.filter);
  EXPECT_FALSE(clean.filter->auroc) << "nothing carries a trigger";
  EXPECT_FALSE(clean.filter->flagged_triggered);
  EXPECT_EQ(predictions(clean), predictions(result.records[0]));
  for (const SampleOutcome& outcome : filtered.outcomes) {
    for (const TriggeredPrediction& triggered : outcome.triggered) {
      EXPECT_EQ(triggered.prediction, FilteredSamples::kRejected);
    }
  }
}

TEST_F(FilterStageTest, ACleanedInputIsAnsweredAsWhatItBecame) {
  const RunResult result = run(gated(true));
  ASSERT_EQ(result.failed, 0U);
  const CellRecord& filtered = result.records[3];
  EXPECT_EQ(filtered.filter->auroc, 1);
  for (const SampleOutcome& outcome : filtered.outcomes) {
    for (const TriggeredPrediction& triggered : outcome.triggered) {
      EXPECT_NE(triggered.prediction, FilteredSamples::kRejected);
    }
  }
}

TEST_F(FilterStageTest, NeedsNoDefendStageAndSharesTheVictim) {
  RecordingProgress progress;
  run(gated(false), progress);
  EXPECT_EQ(progress.count["filter"], 2);
  EXPECT_EQ(progress.count["defend"], 0);
  EXPECT_EQ(progress.count["victim"], 2);
}

TEST_F(FilterStageTest, WithoutCleanSamplesThereIsNoThreshold) {
  Experiment experiment = gated(false);
  experiment.clean_share = 0;
  const RunResult result = run(experiment);
  EXPECT_THAT(result.records[3].failure,
              testing::HasSubstr("no clean samples to set the threshold of a filter on"));
}

TEST(FilteredTest, TakesTheAnswersOfWhatIsFlagged) {
  const FilteredSamples samples{.scores = {0, 2, 1, 3}, .answers = {FilteredSamples::kRejected, 7}};
  EXPECT_EQ(filtered({5, 5, 5, 5}, samples, 1), (std::vector<std::int64_t>{5, -1, 5, 7}));
}

}  // namespace
}  // namespace ncmlab
