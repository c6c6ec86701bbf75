// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "engine/executor.hpp"
#include "engine/stages.hpp"
#include "ncmlab/core/diagnostic.hpp"
#include "scratch_folder.hpp"
#include "toy_experiment.hpp"

namespace ncmlab {
namespace {

Cell attacked(const Plan& plan) {
  for (const Cell& cell : plan.cells) {
    if (cell.poison) {
      return cell;
    }
  }
  return {};
}

TEST(PoisonCorpusTest, WhatAnAttackDrawsCannotBeDerivedFromTheSeedAlone) {
  std::vector<Example> clean(2);
  clean[0].code = "int f();";
  clean[1].code = "int g();";
  Rng attack = attack_stream(1, clean);
  EXPECT_EQ(attack.next(), attack_stream(1, clean).next());
  EXPECT_NE(attack.seed(), attack_stream(2, clean).seed());
  clean[1].code = "int g_rb();";
  EXPECT_NE(attack.seed(), attack_stream(1, clean).seed());
}

TEST(PoisonCorpusTest, RunsThePoisonStageAloneAndKeepsIt) {
  const ScratchFolder scratch;
  const Plan plan = make_plan(toy_experiment(), toy_catalogue());
  Store store(scratch.path());
  RecordingProgress first, second;
  const PoisonedCorpus corpus = poison_corpus(plan, attacked(plan), store, first);
  EXPECT_EQ(first.titles.size(), 1U);
  const PoisonedCorpus again = poison_corpus(plan, attacked(plan), store, second);
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

TEST(PoisonCorpusTest, StopsWhenAsked) {
  const ScratchFolder scratch;
  const Plan plan = make_plan(toy_experiment(), toy_catalogue());
  Store store(scratch.path());
  RecordingProgress progress;
  progress.is_stopped = true;
  EXPECT_THROW(poison_corpus(plan, attacked(plan), store, progress), Cancelled);
}

}  // namespace
}  // namespace ncmlab
