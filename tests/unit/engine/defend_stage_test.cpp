// SPDX-License-Identifier: Apache-2.0
#include "engine/defend_stage.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "error_of.hpp"
#include "toy_runs.hpp"

namespace ncmlab {
namespace {

using testing::HasSubstr;

class DefendStageTest : public ToyRuns {};

TEST_F(DefendStageTest, BrokenPromisesOfADefenseAreItsFailure) {
  Experiment experiment = toy_experiment();
  experiment.attacks.erase(experiment.attacks.begin() + 1);
  const std::map<std::string, std::pair<std::string, std::string>> expected = {
      {"index", {"bad_data", "flagged sample 1000000, of "}},
      {"twice", {"bad_data", "flagged a sample twice"}},
      {"few scores", {"bad_data", "returned 2 scores, expected "}},
      {"no number", {"bad_data", "returned a score that is not finite"}},
      {"token", {"bad", "token id -1"}},
      {"label", {"bad", "label 9"}},
      {"cancels", {"bad", "cancelled"}},
      {"throws", {"bad", "no exception"}},
      {"no training", {"bad_training", "returned no training from `begin`"}},
      {"empty phase", {"bad_training", "returned no samples as phase `wrong`"}},
      {"no epochs", {"bad_training", "returned no epochs as phase `wrong`"}},
      {"odd order", {"bad_training", "returned places of samples that do not ascend"}},
      {"no filter", {"bad_filter", "returned no filter from `fit`"}},
      {"one score", {"bad_filter", "returned 1 scores, expected "}},
      {"nothing left", {"bad_filter", "returned 0 cleaned samples of "}}};
  for (const auto& [how, rule] : expected) {
    add_defense(experiment, how, rule.first, {{"how", how}});
  }
  add_defense(experiment, "flag all", "flagger", {{"count", std::int64_t{1000}}});
  const RunResult result = run(experiment);
  EXPECT_EQ(result.failed, 16U);
  for (const CellRecord& record : result.records) {
    if (expected.contains(record.defense)) {
      EXPECT_THAT(record.failure, HasSubstr(expected.at(record.defense).second));
    }
  }
  EXPECT_THAT(result.records.back().failure,
              HasSubstr("no training samples are left to train on [engine.no-training-samples]"));
}

TEST_F(DefendStageTest, EveryDefenseGetsTheSameCleanSamplesAndTheSetThatWasTrainedOn) {
  Experiment experiment = toy_experiment();
  add_defense(experiment, "spy", "spy");
  add_defense(experiment, "modest spy", "spy", {{"wants_all", false}});
  run(experiment);
  ASSERT_EQ(seen_by_spy().size(), 4U);
  const Seen& clean = seen_by_spy()[0];
  const Seen& attacked = seen_by_spy()[2];
  EXPECT_EQ(clean.clean_samples, attacked.clean_samples);
  EXPECT_EQ(clean.seed, attacked.seed);
  // A quarter of 36 samples of two labels: 4.5 each, rounded away from zero.
  EXPECT_EQ(clean.clean_samples.size(), 10U);
  EXPECT_EQ(std::ranges::count(clean.clean_samples, 1, &Example::label), 5);
  EXPECT_EQ(attacked.training_set.size(), 26U);
  std::size_t changed = 0;
  for (std::size_t i = 0; i < attacked.training_set.size(); ++i) {
    changed += !(attacked.training_set[i] == clean.training_set[i]);
  }
  EXPECT_EQ(changed, 7U);
  EXPECT_TRUE(seen_by_spy()[1].clean_samples.empty());
  EXPECT_TRUE(seen_by_spy()[1].training_set.empty());
}

TEST_F(DefendStageTest, TheModelThatAVictimWasTrainedFromIsForThoseThatAskAndHaveOne) {
  Experiment experiment = toy_experiment();
  experiment.models.push_back(experiment.models.front());
  static_cast<PluginChoice&>(experiment.models.back()) =
      choose(PluginKind::model, "echo", {{"from_checkpoint", true}}, "known");
  add_defense(experiment, "spy", "spy", {{"wants_start", true}});
  add_defense(experiment, "modest spy", "spy");
  const RunResult result = run(experiment);
  EXPECT_EQ(result.failed, 0U);
  for (const CellRecord& record : result.records) {
    EXPECT_EQ(record.skipped,
              record.model == "echo" && record.defense == "spy"
                  ? "defense `spy` needs the checkpoint that the victim was trained "
                    "from, but model `echo` starts from random weights"
                  : "");
  }
  // Of each model the clean victim and the attacked one; of `echo` the modest spy alone.
  ASSERT_EQ(seen_by_spy().size(), 6U);
  std::vector<double> starts;
  for (const Seen& seen : seen_by_spy()) {
    if (seen.starting_sum) {
      EXPECT_NE(*seen.starting_sum, seen.victim_sum);
      starts.push_back(*seen.starting_sum);
    }
  }
  ASSERT_EQ(starts.size(), 2U);
  EXPECT_EQ(starts[0], starts[1]) << "the same, whatever the attack";
}

TEST_F(DefendStageTest, AnOutcomeThatIsNotWholeIsRefused) {
  const std::string good = R"({"repaired": false, "scores": [], "triggers": [], "figures": {})";
  scratch_.write("outcome.json", good + "}");
  EXPECT_EQ(code_of([&] { read_outcome(scratch_.path()); }), "");
  for (const std::string& text :
       {std::string(), std::string("{}"), std::string(R"({"repaired": false, "flagged": ["x"]})"),
        good, good + R"(, "flagged": [1.5]})", good + R"(, "flagged": [-1]})",
        good + R"(, "rest": )" + std::string(1'000'000, '[')}) {
    scratch_.write("outcome.json", text);
    EXPECT_EQ(code_of([&] { read_outcome(scratch_.path()); }), "store.bad-object")
        << text.substr(0, 200);
  }
}

/// The texts of `samples`.
std::set<std::string> codes_of(const std::vector<Example>& samples) {
  std::set<std::string> codes;
  for (const Example& sample : samples) {
    codes.insert(sample.code);
  }
  return codes;
}

TEST_F(DefendStageTest, NothingThatADefenseIsGivenTellsWhatIsPoisoned) {
  for (const char* task : {"toy", "twins"}) {
    seen_by_spy().clear();
    Experiment experiment = toy_experiment();
    experiment.tasks = {choose(PluginKind::task, task)};
    experiment.attacks.push_back(
        AttackChoice{choose(PluginKind::attack, "toy", {{"word", std::string("other")}}, "other")});
    if (std::string(task) == "toy") {  // the other's test set is of one class
      experiment.attacks.back().victim_label = "clean";
    }
    add_defense(experiment, "spy", "spy");
    const std::string store = std::string("leak-") + task;
    const RunResult result = run(experiment, store);
    ASSERT_EQ(seen_by_spy().size(), 3U) << result.records.back().failure;
    const Plan plan = make_plan(experiment, toy_catalogue());
    Store objects(scratch_.path() / store);
    RecordingProgress progress;
    const Seen& control = seen_by_spy()[0];
    std::set<std::size_t> poisoned;
    for (std::size_t attack : {1, 2}) {
      const PoisonedCorpus corpus =
          poison_corpus(plan, toy_catalogue(), plan.cells[2 * attack], objects, progress);
      const std::set<std::string> clean = codes_of(control.clean_samples);
      for (const std::size_t i : corpus.poisoning.set.poisoned) {
        poisoned.insert(i);
        EXPECT_FALSE(clean.contains(corpus.clean.train[i].code))
            << "its original stands among the clean samples";
      }
      ASSERT_FALSE(corpus.poisoning.set.poisoned.empty());
    }
    for (const Seen& seen : seen_by_spy()) {
      EXPECT_FALSE(seen.is_run_progress) << "its stage's title names the attack";
      EXPECT_EQ(seen.seed, control.seed);
      EXPECT_EQ(seen.clean_samples, control.clean_samples);
      ASSERT_EQ(seen.training_set.size(), control.training_set.size());
      for (std::size_t i = 0; i < seen.training_set.size(); ++i) {
        EXPECT_EQ(seen.training_set[i].id, "train-" + std::to_string(i + 1));
        if (!poisoned.contains(i)) {
          EXPECT_EQ(seen.training_set[i], control.training_set[i]) << "attacks differ here only";
        }
      }
      for (std::size_t i = 0; i < seen.clean_samples.size(); ++i) {
        EXPECT_EQ(seen.clean_samples[i].id, "clean-" + std::to_string(i + 1));
      }
    }
    if (std::string(task) == "toy") {
      for (const std::string& code : codes_of(control.clean_samples)) {
        EXPECT_FALSE(codes_of(control.training_set).contains(code)) << "subtraction finds nothing";
      }
    }
  }
}

TEST_F(DefendStageTest, CleanSamplesMayComeFromTheTrainingSet) {
  Experiment experiment = toy_experiment();
  experiment.clean_from = CleanSource::training;
  add_defense(experiment, "spy", "spy");
  const RunResult result = run(experiment);
  ASSERT_EQ(seen_by_spy().size(), 2U);
  EXPECT_EQ(seen_by_spy()[0].training_set.size(), 36U);
  EXPECT_EQ(seen_by_spy()[0].clean_samples.size(), 10U);
  const std::set<std::string> trained_on = codes_of(seen_by_spy()[0].training_set);
  for (const std::string& code : codes_of(seen_by_spy()[0].clean_samples)) {
    EXPECT_TRUE(trained_on.contains(code));
  }
  EXPECT_EQ(result.records[0].clean_from, "training");
}

TEST_F(DefendStageTest, ABudgetIsPassedOnAndSetsTuningSamplesAside) {
  Experiment experiment = toy_experiment();
  add_defense(experiment, "spy", "spy");
  run(experiment, "without");
  const Seen without = seen_by_spy().back();
  EXPECT_TRUE(without.tuning_samples.empty());
  EXPECT_FALSE(without.budget.steps);

  experiment.defense_budget =
      BudgetChoice{.steps = 7, .learning_rates = {0.5}, .tuning_share = 0.4};
  experiment.defenses.back().granted = {Allowance::steps, Allowance::learning_rates};
  experiment.defenses.back().departures = {"rate = 1"};
  const RunResult result = run(experiment, "with");
  const Seen& seen = seen_by_spy().back();
  EXPECT_EQ(seen.budget.steps, 7);
  EXPECT_EQ(seen.budget.learning_rates, std::vector<double>{0.5});
  EXPECT_FALSE(seen.budget.batch_size) << "not granted";
  EXPECT_EQ(seen.tuning_samples.size(), 4U) << "of 10";
  EXPECT_EQ(seen.clean_samples.size(), 6U);
  EXPECT_EQ(seen.training_set, without.training_set) << "what is trained on stays";
  std::set<std::string> all = codes_of(seen.clean_samples);
  all.merge(codes_of(seen.tuning_samples));
  EXPECT_EQ(all, codes_of(without.clean_samples));
  const CellRecord& record = result.records.back();
  EXPECT_EQ(record.budget, in_words(*experiment.defense_budget));
  EXPECT_EQ(record.departures, std::vector<std::string>{"rate = 1"});
}

}  // namespace
}  // namespace ncmlab
