// SPDX-License-Identifier: Apache-2.0
#include "engine/doubts.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ncmlab/metrics/classification.hpp"

namespace ncmlab {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// 60 samples of class 0 and 40 of class 1, of which `right` are classified so; the trigger turns
/// `turned` of class 1 to class 0.
CellRecord attacked(std::size_t right, std::size_t turned) {
  CellRecord record;
  record.attack = "badcode";
  record.defense = "none";
  std::vector<std::int64_t> answers, labels;
  std::vector<TriggeredOutcome> outcomes;
  for (std::size_t i = 0; i < 100; ++i) {
    const std::int64_t label = i < 60 ? 0 : 1;
    const std::int64_t answer = label == 0 || i < 60 + right ? label : 0;
    SampleOutcome outcome{.id = std::to_string(i), .label = label, .prediction = answer};
    if (label == 1) {
      const std::int64_t with = i < 60 + turned ? 0 : answer;
      outcome.triggered.push_back({.target_label = 0, .prediction = with});
      outcomes.push_back({.victim_label = 1,
                          .target_label = 0,
                          .clean_prediction = answer,
                          .triggered_prediction = with});
    }
    labels.push_back(label);
    answers.push_back(answer);
    record.outcomes.push_back(outcome);
  }
  record.clean = classification_metrics(answers, labels, 1);
  record.attack_metrics = attack_metrics(outcomes);
  return record;
}

TEST(DoubtsTest, NoneAboutAVictimThatLearntItsTaskAndItsBackdoor) {
  EXPECT_THAT(doubts(attacked(30, 25)), IsEmpty());
}

TEST(DoubtsTest, OneClassPredictedForAllSamples) {
  // ASR and natural rate are 100 %.
  EXPECT_THAT(doubts(attacked(0, 0)),
              ElementsAre("all 100 test samples are predicted as one class, label 0"));
}

TEST(DoubtsTest, ATestSetOfOneClass) {
  CellRecord record = attacked(30, 25);
  for (SampleOutcome& outcome : record.outcomes) {
    outcome.label = 1;
  }
  EXPECT_THAT(doubts(record), ElementsAre("all 100 test samples are of one class, label 1"));
}

TEST(DoubtsTest, AnAccuracyThatTheMajorityHasByItself) {
  CellRecord record = attacked(30, 25);
  for (std::size_t i = 0; i < 30; ++i) {
    record.outcomes[i].prediction = 1;
  }
  record.clean.accuracy = 0.6;
  EXPECT_THAT(doubts(record),
              ElementsAre("an accuracy of 60.0 % is not above the share of the most frequent "
                          "class, 60.0 %"));
}

TEST(DoubtsTest, ATriggerThatDoesNothingToAnUndefendedVictim) {
  CellRecord record = attacked(30, 0);
  EXPECT_THAT(doubts(record), ElementsAre("an ASR of 25.0 % cannot be told from the natural rate "
                                          "of 25.0 % (40 samples)"));
  EXPECT_THAT(doubts(attacked(30, 3)), ElementsAre(HasSubstr("cannot be told"))) << "three by luck";
  EXPECT_THAT(doubts(attacked(30, 10)), IsEmpty());
  record.defense = "fine_tuning";
  EXPECT_THAT(doubts(record), IsEmpty()) << "a defense may well have removed it";
}

TEST(DoubtsTest, NothingIsMissedInTheControl) {
  CellRecord record = attacked(30, 0);
  record.attack = "none";
  record.attack_metrics.reset();
  EXPECT_THAT(doubts(record), IsEmpty());
}

TEST(DoubtsTest, ASearchAtChance) {
  CellRecord record;
  record.kind = TaskKind::retrieval;
  record.retrieval = RetrievalMetrics{.mrr = 0.31, .recall = {}, .count = 200, .pool = 10};
  EXPECT_THAT(doubts(record),
              ElementsAre("an MRR of 0.3100 cannot be told from a random order's 0.2929"));
  record.retrieval->mrr = 0.4;
  EXPECT_THAT(doubts(record), IsEmpty());
  record.retrieval->count = 5;
  EXPECT_THAT(doubts(record), ElementsAre(HasSubstr("cannot be told")))
      << "five queries tell little";
}

TEST(DoubtsTest, NoneAboutACellThatWasNotMeasured) {
  CellRecord record = attacked(0, 0);
  record.failure = "it broke";
  EXPECT_THAT(doubts(record), IsEmpty());
}

}  // namespace
}  // namespace ncmlab
