// SPDX-License-Identifier: Apache-2.0
// What every defense must do, on a small victim that is trained once.
#include <gtest/gtest.h>
#include <torch/types.h>

#include <algorithm>
#include <set>

#include "contract_plugins.hpp"
#include "ncmlab/plugin/defense.hpp"
#include "ncmlab/train/trainer.hpp"
#include "toy_task.hpp"

namespace ncmlab::contract {
namespace {

CodeModel trained_victim() {
  static const CodeModel victim = [] {
    const std::vector<Example> examples = toy_functions(200, Rng(1));
    CodeModel fresh = toy_victim(examples, Rng(2));
    const ToyTask task;
    train(fresh, TaskView(task).tokenize(fresh, examples),
          {.epochs = 3, .learning_rate = 3e-3, .batch_size = 16}, Rng(3), silent_progress());
    return fresh;
  }();
  return victim.clone();
}

bool same_weights(const CodeModel& a, const CodeModel& b) {
  const StateDict other = b.parameters();
  for (const auto& [name, tensor] : a.parameters()) {
    if (!torch::equal(tensor, other.at(name))) {
      return false;
    }
  }
  return true;
}

bool same_outcome(const DefenseOutcome& a, const DefenseOutcome& b) {
  return a.repaired == b.repaired && a.suspicious == b.suspicious && a.backdoored == b.backdoored &&
         a.figures == b.figures &&
         std::equal(a.triggers.begin(), a.triggers.end(), b.triggers.begin(), b.triggers.end(),
                    [](const InvertedTrigger& x, const InvertedTrigger& y) {
                      return x.ids == y.ids && x.raw_ids == y.raw_ids && x.loss == y.loss &&
                             x.hit_rate == y.hit_rate;
                    });
}

class DefenseContract : public testing::TestWithParam<std::string> {
 protected:
  /// Runs the defense on `victim`, giving it `examples` for whatever it asks for.
  DefenseOutcome defend(CodeModel& victim, const std::vector<Example>& examples, Rng rng = Rng(4),
                        Progress& progress = silent_progress()) {
    const ToyTask task;
    const DefenseNeeds needs = defense_->needs();
    DefenseContext context{victim,
                           TaskView(task),
                           needs.clean_samples ? examples : std::vector<Example>{},
                           needs.training_set ? examples : std::vector<Example>{},
                           rng,
                           progress};
    const DefenseOutcome outcome = defense_->defend(context);
    EXPECT_EQ(context.clean_samples, needs.clean_samples ? examples : std::vector<Example>{});
    EXPECT_EQ(context.training_set, needs.training_set ? examples : std::vector<Example>{});
    return outcome;
  }

  void expect_sound(const DefenseOutcome& outcome, const CodeModel& victim, std::size_t samples) {
    if (!outcome.repaired) {
      EXPECT_TRUE(same_weights(victim, trained_victim())) << "changed, but not called repaired";
    }
    if (outcome.suspicious) {
      EXPECT_TRUE(std::is_sorted(outcome.suspicious->begin(), outcome.suspicious->end()));
      EXPECT_EQ(std::adjacent_find(outcome.suspicious->begin(), outcome.suspicious->end()),
                outcome.suspicious->end());
      EXPECT_TRUE(std::all_of(outcome.suspicious->begin(), outcome.suspicious->end(),
                              [samples](std::size_t i) { return i < samples; }));
    }
    for (const InvertedTrigger& trigger : outcome.triggers) {
      EXPECT_NE(trigger.victim_label, trigger.target_label);
      EXPECT_TRUE(trigger.target_label >= 0 && trigger.target_label < victim.classes());
      EXPECT_FALSE(trigger.ids.empty());
      EXPECT_LE(trigger.ids.size(), trigger.raw_ids.size());
      EXPECT_TRUE(trigger.hit_rate >= 0 && trigger.hit_rate <= 1) << trigger.hit_rate;
      EXPECT_EQ(trigger.text, victim.tokenizer().decode(trigger.ids));
    }
    for (const auto& [name, value] : outcome.figures) {
      EXPECT_TRUE(std::isfinite(value)) << name;
    }
  }

  std::shared_ptr<Defense> defense_ = create<Defense>(PluginKind::defense, GetParam());
};

TEST_P(DefenseContract, OutcomeIsSoundAndDependsOnTheSeedOnly) {
  const std::vector<Example> examples = toy_functions(100, Rng(5));
  CodeModel first = trained_victim();
  CodeModel second = trained_victim();
  const DefenseOutcome outcome = defend(first, examples);
  expect_sound(outcome, first, examples.size());
  EXPECT_TRUE(same_outcome(outcome, defend(second, examples)));
  EXPECT_TRUE(same_weights(first, second));
}

TEST_P(DefenseContract, DoesNotLookAtIds) {
  const std::vector<Example> examples = toy_functions(100, Rng(5));
  std::vector<Example> renamed = examples;
  for (std::size_t i = 0; i < renamed.size(); ++i) {
    renamed[i].id = "train-" + std::to_string(renamed.size() - i);
  }
  CodeModel first = trained_victim();
  CodeModel second = trained_victim();
  EXPECT_TRUE(same_outcome(defend(first, examples), defend(second, renamed)));
  EXPECT_TRUE(same_weights(first, second));
}

TEST_P(DefenseContract, ToleratesOddSamples) {
  std::vector<Example> examples = toy_functions(20, Rng(5));
  for (Example& odd : odd_samples()) {
    examples.push_back(std::move(odd));
  }
  CodeModel victim = trained_victim();
  expect_sound(defend(victim, examples), victim, examples.size());
}

TEST_P(DefenseContract, CopesWithOneSample) {
  CodeModel victim = trained_victim();
  expect_sound(defend(victim, toy_functions(1, Rng(5))), victim, 1);
}

TEST_P(DefenseContract, SaysSoOrDoesNothingWithoutSamples) {
  CodeModel victim = trained_victim();
  try {
    expect_sound(defend(victim, {}), victim, 0);
  } catch (const Error& error) {
    EXPECT_TRUE(error.diagnostics().front().code.starts_with("defense."))
        << error.diagnostics().front().code;
  }
  EXPECT_TRUE(same_weights(victim, trained_victim()));
}

TEST_P(DefenseContract, StopsWhenCancelled) {
  class Stopped final : public Progress {
   public:
    bool cancelled() const override { return true; }
  };
  Stopped progress;
  CodeModel victim = trained_victim();
  EXPECT_THROW(defend(victim, toy_functions(100, Rng(5)), Rng(4), progress), Cancelled);
}

INSTANTIATE_TEST_SUITE_P(Catalogue, DefenseContract, testing::ValuesIn(names(PluginKind::defense)),
                         test_name);

}  // namespace
}  // namespace ncmlab::contract
