// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/poison_stage.hpp"
#include "error_of.hpp"
#include "toy_runs.hpp"

namespace ncmlab {
namespace {

using testing::HasSubstr;

class PoisonCorpusTest : public ToyRuns {};

TEST_F(PoisonCorpusTest, WhatAnAttackDrawsCannotBeDerivedFromTheSeedAlone) {
  std::vector<Example> clean(2);
  clean[0].code = "int f();";
  clean[1].code = "int g();";
  Rng attack = attack_stream(1, clean);
  EXPECT_EQ(attack.next(), attack_stream(1, clean).next());
  EXPECT_NE(attack.seed(), attack_stream(2, clean).seed());
  clean[1].code = "int g_rb();";
  EXPECT_NE(attack.seed(), attack_stream(1, clean).seed());
}

TEST_F(PoisonCorpusTest, RunsThePoisonStageAloneAndKeepsIt) {
  const Plan plan = make_plan(toy_experiment(), toy_catalogue());
  Store store(scratch_.path());
  RecordingProgress first, second;
  const PoisonedCorpus corpus = poison_corpus(plan, toy_catalogue(), attacked(plan), store, first);
  EXPECT_EQ(first.titles.size(), 1U);
  const PoisonedCorpus again = poison_corpus(plan, toy_catalogue(), attacked(plan), store, second);
  EXPECT_TRUE(second.titles.empty());
  EXPECT_EQ(again.poisoning.set.train, corpus.poisoning.set.train);
  EXPECT_EQ(again.poisoning.stealth, corpus.poisoning.stealth);

  const auto& poisoned = corpus.poisoning.set.poisoned;
  ASSERT_FALSE(poisoned.empty());
  for (const std::size_t i : poisoned) {
    EXPECT_NE(corpus.poisoning.set.train[i].code, corpus.clean.train[i].code);
  }
  const StealthMetrics& stealth = corpus.poisoning.stealth;
  EXPECT_EQ(stealth.edits, std::ssize(poisoned));
  EXPECT_DOUBLE_EQ(stealth.parse_rate, 1);
  EXPECT_DOUBLE_EQ(stealth.token_edits, 1) << "one name";
  EXPECT_TRUE(stealth.new_names && stealth.old_names);
}

TEST_F(PoisonCorpusTest, IsReadForTheTrainingSetThatItWasMadeOf) {
  const Plan plan = make_plan(toy_experiment(), toy_catalogue());
  Store store(scratch_.path());
  RecordingProgress progress;
  const PoisonedCorpus corpus =
      poison_corpus(plan, toy_catalogue(), attacked(plan), store, progress);
  const auto folder =
      store.peek(plan.stages[stage_of(plan, attacked(plan), "poison").value()].key)->folder;
  const auto code = [&](const Corpus& clean) {
    return code_of([&] { read_poisoned(folder, clean); });
  };
  EXPECT_EQ(code(corpus.clean), "");
  Corpus shorter = corpus.clean, other = corpus.clean;
  shorter.train.pop_back();
  EXPECT_EQ(code(shorter), "store.bad-object");
  other.train[corpus.poisoning.set.poisoned.front()].id = "another";
  EXPECT_EQ(code(other), "store.bad-object");
  std::filesystem::resize_file(folder / "triggered.json", 5);
  EXPECT_EQ(code(corpus.clean), "store.bad-object");
}

TEST_F(PoisonCorpusTest, StopsWhenAsked) {
  const Plan plan = make_plan(toy_experiment(), toy_catalogue());
  Store store(scratch_.path());
  RecordingProgress progress;
  progress.is_stopped = true;
  EXPECT_THROW(poison_corpus(plan, toy_catalogue(), attacked(plan), store, progress), Cancelled);
}

TEST_F(PoisonCorpusTest, AnAttackThatTouchesWhatStandsAmongTheCleanSamplesFails) {
  Experiment experiment = toy_experiment();
  experiment.attacks = {AttackChoice{choose(PluginKind::attack, "greedy")}};
  experiment.tasks = {choose(PluginKind::task, "twins")};
  const RunResult result = run(experiment);
  EXPECT_THAT(result.records[0].failure, HasSubstr("stands among the clean samples"));
}

TEST_F(PoisonCorpusTest, WarnsOfAnAttackThatCannotReachItsRate) {
  Experiment experiment = toy_experiment();
  experiment.tasks = {choose(PluginKind::task, "twins")};
  experiment.attacks = {
      AttackChoice{choose(PluginKind::attack, "toy", {{"rate", 1.0}}, "whole class")}};
  RecordingProgress progress;
  const RunResult result = run(experiment, progress);
  ASSERT_TRUE(result.records[0].poisoning) << result.records[0].failure;
  const PoisonCounts& counts = *result.records[0].poisoning;
  EXPECT_EQ(counts.wanted, counts.victims);
  EXPECT_LT(counts.poisoned, counts.wanted);
  EXPECT_THAT(progress.warnings,
              testing::Contains(testing::AllOf(
                  HasSubstr("attack `whole class` poisoned " + std::to_string(counts.poisoned)),
                  HasSubstr("of the " + std::to_string(counts.wanted)))));
}

}  // namespace
}  // namespace ncmlab
