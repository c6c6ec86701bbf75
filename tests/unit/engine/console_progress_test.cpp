// SPDX-License-Identifier: Apache-2.0
#include "engine/console_progress.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "ncmlab/core/diagnostic.hpp"

namespace ncmlab {
namespace {

using testing::HasSubstr;
using testing::Not;

class ConsoleProgressTest : public testing::Test {
 protected:
  ConsoleProgress& start(bool bar, bool quiet = false, int width = 200) {
    progress_.emplace(out_, ConsoleProgress::Options{.bar = bar,
                                                     .quiet = quiet,
                                                     .width = width,
                                                     .cancelled = [this] { return cancelled_; },
                                                     .seconds = [this] { return now_; }});
    return *progress_;
  }
  static Stage stage(const std::string& kind, const std::string& name) {
    const Key key(kind);
    return {.key = key, .hash = key.hash(), .name = name};
  }
  std::string take() {
    std::string text = out_.str();
    out_.str("");
    return text;
  }

  std::ostringstream out_;
  std::optional<ConsoleProgress> progress_;
  double now_ = 1000;
  bool cancelled_ = false;
};

TEST_F(ConsoleProgressTest, PlainLinesForStagesAndAHeartbeatEachMinute) {
  ConsoleProgress& progress = start(false);
  progress.run_begins({.pending = {{"victim", 2}}, .cached = 1, .seconds = {}});
  EXPECT_EQ(take(), "0:00  2 stages to run, 1 in the store\n");
  progress.stage_begins(stage("victim", "toy"));
  EXPECT_EQ(take(), "0:00  start   victim: toy\n");
  progress.begin("training", 100);
  for (int i = 0; i < 10; ++i) {
    now_ += 1;
    progress.advance(1, "loss 0.5");
  }
  EXPECT_EQ(take(), "");
  now_ += 50;
  progress.advance(10, "loss 0.25");
  EXPECT_EQ(take(),
            "1:00  working [0/2] 1:00, ETA 9:00 | victim: toy | training 20/100, loss 0.25\n");
  now_ += 5;
  progress.stage_ends(stage("victim", "toy"), 65, "");
  EXPECT_EQ(take(), "1:05  done    victim: toy (1:05)\n");
}

TEST_F(ConsoleProgressTest, FailuresAreShownEvenWhenQuiet) {
  ConsoleProgress& progress = start(false, true);
  progress.run_begins({.pending = {{"defend", 1}}, .cached = 0, .seconds = {}});
  progress.stage_begins(stage("defend", "toy"));
  progress.log("a remark");
  progress.log("warning: damaged");
  progress.stage_ends(stage("defend", "toy"), 1, "defend: toy: it broke");
  progress.failed("data of task `toy`: it is not there");
  progress.run_ends();
  EXPECT_EQ(take(),
            "0:00  warning: damaged\n0:00  failed  defend: toy: it broke\n"
            "0:00  failed  data of task `toy`: it is not there\n");
}

TEST_F(ConsoleProgressTest, ALineAboveTheBarNamesItsStage) {
  ConsoleProgress& plain = start(false);
  plain.stage_begins(stage("victim", "toy"));
  take();
  plain.log("epoch 1/2");
  EXPECT_EQ(take(), "0:00  epoch 1/2\n");
  ConsoleProgress& bar = start(true);
  bar.stage_begins(stage("victim", "toy"));
  take();
  bar.log("epoch 1/2");
  EXPECT_EQ(take(), "\r\x1b[Kvictim: toy: epoch 1/2\n");
}

TEST_F(ConsoleProgressTest, TheBarIsRedrawnAtMostTenTimesASecond) {
  ConsoleProgress& progress = start(true);
  progress.run_begins({.pending = {{"victim", 1}}, .cached = 0, .seconds = {}});
  progress.stage_begins(stage("victim", "toy"));
  progress.begin("training", 1000);
  take();
  for (int i = 0; i < 1000; ++i) {
    now_ += 0.001;
    progress.advance(1, "");
  }
  const std::string text = take();
  const auto drawn = std::count(text.begin(), text.end(), '\r');
  EXPECT_GE(drawn, 8);
  EXPECT_LE(drawn, 10);
  EXPECT_THAT(text, Not(HasSubstr("\n")));
}

TEST_F(ConsoleProgressTest, TheBarFitsTheTerminalAndIsRemoved) {
  ConsoleProgress& progress = start(true, false, 20);
  progress.run_begins({.pending = {{"victim", 1}}, .cached = 0, .seconds = {}});
  take();
  progress.stage_begins(stage("victim", "f\xC3\xBC\xC3\xBC\xC3\xBC a name that is long"));
  const std::string text = take();
  ASSERT_THAT(text, testing::StartsWith("\r\x1b[K["));
  EXPECT_LE(text.size(), 4 + 19 + 3U);
  progress.run_ends();
  EXPECT_THAT(take(), testing::StartsWith("\r\x1b[K0 stages run"));
}

TEST_F(ConsoleProgressTest, EstimatesFromFinishedStagesOfTheSameKind) {
  ConsoleProgress& progress = start(true);
  progress.run_begins(
      {.pending = {{"victim", 2}, {"measure", 2}}, .cached = 1, .seconds = {{"measure", 10}}});
  progress.stage_begins(stage("victim", "a"));
  EXPECT_THAT(take(), HasSubstr("[0/4] 0:00, ETA > 0:20 |")) << "no victim was timed yet";
  now_ += 30;
  progress.stage_ends(stage("victim", "a"), 30, "");
  take();
  progress.stage_begins(stage("victim", "b"));
  EXPECT_THAT(take(), HasSubstr("[1/4] 0:30, ETA 0:50 |"));
  now_ += 30;
  progress.stage_ends(stage("victim", "b"), 30, "");
  progress.stage_begins(stage("measure", "a"));
  now_ += 4;
  progress.stage_ends(stage("measure", "a"), 4, "");
  take();
  progress.stage_begins(stage("measure", "b"));
  EXPECT_THAT(take(), HasSubstr("ETA 0:04 |")) << "this run's times replace the stored ones";
}

TEST_F(ConsoleProgressTest, AnUnplannedRetrainingRaisesTheTotal) {
  ConsoleProgress& progress = start(true);
  progress.run_begins({.pending = {{"defend", 1}}, .cached = 0, .seconds = {}});
  progress.stage_begins(stage("defend", "a"));
  progress.stage_ends(stage("defend", "a"), 1, "");
  take();
  progress.stage_begins(stage("retrain", "a"));
  EXPECT_THAT(take(), HasSubstr("[1/2]"));
}

TEST_F(ConsoleProgressTest, WhatIsPossibleCountsUntilItFallsAway) {
  ConsoleProgress& progress = start(true);
  progress.run_begins({.pending = {{"victim", 1}, {"defend", 2}},
                       .possible = {{"retrain", 2}},
                       .cached = 0,
                       .seconds = {{"defend", 10}}});
  EXPECT_THAT(take(), HasSubstr("3 stages to run and up to 2 more, 0 in the store"));
  progress.stage_begins(stage("victim", "a"));
  EXPECT_THAT(take(), HasSubstr("[0/5]"));
  now_ += 30;
  progress.stage_ends(stage("victim", "a"), 30, "");
  progress.stage_begins(stage("defend", "a"));
  EXPECT_THAT(take(), HasSubstr("[1/5] 0:30, ETA 1:20 |"))
      << "a retraining takes a training's time";
  progress.stage_ends(stage("defend", "a"), 10, "");
  progress.stage_begins(stage("retrain", "a"));
  EXPECT_THAT(take(), HasSubstr("[2/5]"));
  progress.stage_ends(stage("retrain", "a"), 30, "");
  progress.stage_begins(stage("defend", "b"));
  progress.stage_ends(stage("defend", "b"), 10, "");
  progress.stage_dropped(stage("retrain", "b"));
  take();
  progress.stage_begins(stage("measure", "b"));
  EXPECT_THAT(take(), HasSubstr("[4/5]")) << "one more that was not announced, one less to do";
}

TEST_F(ConsoleProgressTest, PassesOnThatTheUserWantsToStop) {
  ConsoleProgress& progress = start(false);
  EXPECT_NO_THROW(progress.check());
  cancelled_ = true;
  EXPECT_THROW(progress.check(), Cancelled);
}

TEST(ClockTextTest, CountsUpToHours) {
  EXPECT_EQ(clock_text(0), "0:00");
  EXPECT_EQ(clock_text(59.7), "1:00");
  EXPECT_EQ(clock_text(3723), "1:02:03");
  EXPECT_EQ(clock_text(-5), "0:00");
  EXPECT_EQ(duration_text(3.21), "3.2 s");
  EXPECT_EQ(duration_text(75), "1:15");
}

}  // namespace
}  // namespace ncmlab
