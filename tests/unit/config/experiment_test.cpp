// SPDX-License-Identifier: Apache-2.0
#include "config/experiment.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "error_of.hpp"
#include "fake_catalogue.hpp"

namespace ncmlab::testing {
namespace {

using ::testing::ElementsAre;

template <typename Choices>
std::vector<std::string> labels(const Choices& choices) {
  std::vector<std::string> result;
  for (const auto& choice : choices) {
    result.push_back(choice.label);
  }
  return result;
}

TEST(ExperimentTest, TakesDefaults) {
  const Experiment experiment = read(kMinimal);
  EXPECT_EQ(experiment.name, "quick");
  EXPECT_THAT(experiment.seeds, ElementsAre(1));
  EXPECT_EQ(experiment.clean_share, 0.1);
  EXPECT_EQ(experiment.clean_from, CleanSource::held_out);
  EXPECT_EQ(experiment.device, "auto");
  EXPECT_THAT(labels(experiment.tasks), ElementsAre("defects"));
  EXPECT_THAT(labels(experiment.models), ElementsAre("codebert"));
  EXPECT_EQ(experiment.models[0].settings.at("preset"), Value(std::string("tiny")));
  EXPECT_EQ(experiment.models[0].training.epochs, TrainingOptions{}.epochs);
}

TEST(ExperimentTest, ReadsTheSurrogateOfAnAttack) {
  const Experiment experiment = read(kMinimal +
                                     "[training]\nepochs = 7\nbatch_size = 8\n"
                                     "[[attack]]\nplugin = \"badcode\"\n"
                                     "[attack.surrogate]\nplugin = \"codebert\"\n"
                                     "preset = \"small\"\ntraining = { epochs = 2 }\n");
  EXPECT_FALSE(experiment.attacks[0].surrogate);
  const auto& surrogate = experiment.attacks[1].surrogate;
  ASSERT_TRUE(surrogate);
  EXPECT_EQ(surrogate->kind, PluginKind::model);
  EXPECT_EQ(surrogate->label, "codebert");
  EXPECT_EQ(surrogate->settings.at("preset"), Value(std::string("small")));
  EXPECT_EQ(surrogate->training.epochs, 2);
  EXPECT_EQ(surrogate->training.batch_size, 8) << "what [training] says goes for it, too";
  EXPECT_EQ(experiment.models.size(), 1U) << "it is no row of the tables";
}

TEST(ExperimentTest, RefusesSurrogatesThatAreNoModel) {
  const auto code_of = [](const std::string& surrogate) {
    const auto problems =
        problems_of(kMinimal + "[[attack]]\nplugin = \"badcode\"\nsurrogate = " + surrogate + "\n");
    return problems.empty() ? std::string() : problems.front().code;
  };
  EXPECT_EQ(code_of("\"codebert\""), "config.wrong-type");
  EXPECT_EQ(code_of("{ plugin = \"onion\" }"), "config.unknown-plugin");
  EXPECT_EQ(code_of("{ preset = \"small\" }"), "config.missing-key");
  EXPECT_EQ(code_of("{ plugin = \"codebert\", presset = \"small\" }"), "config.unknown-key");
  EXPECT_EQ(code_of("{ plugin = \"codebert\", preset = [\"tiny\", \"small\"] }"),
            "config.bad-value");
}

TEST(ExperimentTest, AddsTheControlsFirst) {
  const Experiment bare = read(kMinimal);
  EXPECT_THAT(labels(bare.attacks), ElementsAre("none"));
  EXPECT_THAT(labels(bare.defenses), ElementsAre("none"));
  const Experiment named = read(kMinimal +
                                "[[attack]]\nplugin = \"badcode\"\n[[attack]]\nplugin = \"none\"\n"
                                "[[defense]]\nplugin = \"onion\"\n");
  EXPECT_THAT(labels(named.attacks), ElementsAre("none", "badcode"));
  EXPECT_THAT(labels(named.defenses), ElementsAre("none", "onion"));
}

TEST(ExperimentTest, ReadsEverySection) {
  const Experiment experiment = read(R"([experiment]
name = "all-of_it2"
description = "Everything."
seeds = {from = 3, count = 2}
clean_share = 0.25
clean_from = "training"
device = "cuda:1"
[training]
epochs = 7
learning_rate = 1e-3
[[task]]
plugin = "defects"
data = "elsewhere"
[[model]]
plugin = "codebert"
name = "mine"
preset = "small"
training = { epochs = 2, batch_size = 8, accumulation = 4, precision = "bf16", early_stopping = 1 }
[[model]]
plugin = "reader"
folder = "x"
[[attack]]
plugin = "badcode"
victim_label = "defective"
target_label = "clean"
words = ["x", "y"]
rate = 1
)");
  EXPECT_EQ(experiment.description, "Everything.");
  EXPECT_THAT(experiment.seeds, ElementsAre(3, 4));
  EXPECT_EQ(experiment.clean_share, 0.25);
  EXPECT_EQ(experiment.clean_from, CleanSource::training);
  EXPECT_EQ(experiment.device, "cuda:1");
  EXPECT_EQ(experiment.tasks[0].settings.at("data"), Value(std::string("elsewhere")));
  EXPECT_THAT(labels(experiment.models), ElementsAre("mine", "reader"));
  EXPECT_EQ(experiment.models[0].training.epochs, 2);
  EXPECT_EQ(experiment.models[0].training.batch_size, 8);
  EXPECT_EQ(experiment.models[0].training.accumulation, 4);
  EXPECT_EQ(experiment.models[0].training.precision, Precision::bf16);
  EXPECT_EQ(experiment.models[0].training.early_stopping, 1);
  EXPECT_EQ(experiment.models[0].training.learning_rate, 1e-3);
  EXPECT_EQ(experiment.models[1].training.epochs, 7);
  EXPECT_EQ(experiment.models[1].training.batch_size, 32);
  const AttackChoice& attack = experiment.attacks[1];
  EXPECT_EQ(attack.victim_label, "defective");
  EXPECT_EQ(attack.target_label, "clean");
  EXPECT_EQ(attack.settings.at("rate"), Value(1.0));
  EXPECT_EQ(attack.settings.at("words"), Value(std::vector<std::string>{"x", "y"}));
  EXPECT_EQ(attack.settings.at("count"), Value(std::int64_t{3}));
  EXPECT_EQ(attack.span.line, 23);
}

TEST(ExperimentTest, MakesAnAxisOfAList) {
  const Experiment experiment =
      read(kMinimal +
           "[[attack]]\nplugin = \"badcode\"\ntrigger = [\"rb\", \"il\"]\n"
           "rate = [0.02, 0.05]\n");
  // The parameter that the file names first changes slowest; labels follow the schema.
  EXPECT_THAT(labels(experiment.attacks),
              ElementsAre("none", "badcode[rate=0.02,trigger=rb]", "badcode[rate=0.05,trigger=rb]",
                          "badcode[rate=0.02,trigger=il]", "badcode[rate=0.05,trigger=il]"));
  EXPECT_EQ(experiment.attacks[3].settings.at("trigger"), Value(std::string("il")));
}

TEST(ExperimentTest, MakesAnAxisOfAListOfLists) {
  const Experiment experiment =
      read(kMinimal + "[[attack]]\nplugin = \"badcode\"\nwords = [[\"x\"], [\"y\", \"z\"]]\n");
  EXPECT_THAT(labels(experiment.attacks),
              ElementsAre("none", "badcode[words=[\"x\"]]", "badcode[words=[\"y\", \"z\"]]"));
}

TEST(ExperimentTest, TellsTablesOfOnePluginApart) {
  const Experiment experiment =
      read(kMinimal +
           "[[attack]]\nplugin = \"badcode\"\n"
           "[[attack]]\nplugin = \"badcode\"\ntrigger = \"il\"\n"
           "[[attack]]\nplugin = \"badcode\"\nname = \"late\"\nrate = [0.5, 1]\n");
  EXPECT_THAT(labels(experiment.attacks),
              ElementsAre("none", "badcode[trigger=rb]", "badcode[trigger=il]", "late[rate=0.5]",
                          "late[rate=1.0]"));
}

TEST(ExperimentTest, TellsModelsApartByTraining) {
  const Experiment experiment =
      read(kMinimal + "training = { epochs = 0 }\n[[model]]\nplugin = \"codebert\"\n");
  EXPECT_THAT(labels(experiment.models), ElementsAre("codebert[epochs=0]", "codebert[epochs=5]"));
}

TEST(ExperimentTest, ExpandsVariables) {
  setenv("NCMLAB_TEST_FOLDER", "/somewhere", 1);
  const Experiment experiment = read(
      "[experiment]\nname = \"quick\"\n[[task]]\nplugin = \"defects\"\n"
      "data = \"${NCMLAB_TEST_FOLDER}/devign\"\n[[model]]\nplugin = \"codebert\"\n");
  EXPECT_EQ(experiment.tasks[0].settings.at("data"), Value(std::string("/somewhere/devign")));
  unsetenv("NCMLAB_TEST_FOLDER");
}

TEST(ExperimentTest, CarriesControlsWithoutAPluginForThem) {
  const TemporaryFile file(kMinimal);
  const Catalogue all = fake_catalogue();
  Catalogue catalogue;
  for (const LoadedPlugin& plugin : all.plugins()) {
    if (plugin.entry.name != "none") {
      catalogue.add(plugin);
    }
  }
  EXPECT_EQ(read_experiment(file.path(), catalogue).attacks[0].plugin, "none");
}

TEST(CheckExperimentTest, AcceptsLabelsOfTheTask) {
  const Experiment experiment =
      read(kMinimal + "[[attack]]\nplugin = \"badcode\"\nvictim_label = \"defective\"\n");
  EXPECT_NO_THROW(check_experiment(experiment, fake_catalogue()));
}

TEST(CheckExperimentTest, RejectsOtherLabels) {
  const Experiment experiment =
      read(kMinimal + "[[attack]]\nplugin = \"badcode\"\nvictim_label = \"defectiv\"\n");
  try {
    check_experiment(experiment, fake_catalogue());
    FAIL() << "no error";
  } catch (const Error& error) {
    const Diagnostic& problem = error.diagnostics().front();
    EXPECT_EQ(problem.code, "config.unknown-label");
    EXPECT_THAT(problem.help, ElementsAre("a label with a similar name exists: `defective`"));
    EXPECT_EQ(problem.span->line, 8);
  }
}

TEST(CheckExperimentTest, RejectsASurrogateThatTheAttackDoesNotUse) {
  const Experiment experiment = read(kMinimal +
                                     "[[attack]]\nplugin = \"badcode\"\n"
                                     "[attack.surrogate]\nplugin = \"codebert\"\n");
  const Diagnostic problem = error_of([&] { check_experiment(experiment, fake_catalogue()); });
  EXPECT_EQ(problem.code, "config.unused-surrogate");
  EXPECT_EQ(problem.span->line, 8);
}

TEST(CheckExperimentTest, NamesAPluginThatCannotBeCreated) {
  Catalogue catalogue = fake_catalogue();
  Entry broken = entry(PluginKind::defense, "broken", {});
  broken.create = [](const Settings&) -> std::shared_ptr<Plugin> {
    throw std::runtime_error("no luck");
  };
  catalogue.add({broken, "broken.so", "0"});
  const TemporaryFile file(kMinimal + "[[defense]]\nplugin = \"broken\"\n");
  const Experiment experiment = read_experiment(file.path(), catalogue);
  try {
    check_experiment(experiment, catalogue);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.diagnostics().front().code, "plugin.create-failed");
    EXPECT_EQ(error.diagnostics().front().message, "defense `broken` cannot be created: no luck");
  }
}

TEST(DefenseBudgetTest, IsGrantedToEveryDefenseButWhereItsTableSaysOtherwise) {
  const Experiment experiment = read(kMinimal +
                                     "[defense_budget]\nsteps = 40\nlearning_rates = [0.3, 0.1, "
                                     "0.3]\n"
                                     "[[defense]]\nplugin = \"tuning\"\n"
                                     "[[defense]]\nplugin = \"tuning\"\nname = \"own\"\n"
                                     "epochs = 9\nrate = 0.25\n"
                                     "[[defense]]\nplugin = \"onion\"\n");
  ASSERT_TRUE(experiment.defense_budget);
  EXPECT_THAT(experiment.defense_budget->learning_rates, ElementsAre(0.1, 0.3));
  const DefenseChoice& none = experiment.defenses[0];
  EXPECT_TRUE(none.granted.empty());
  EXPECT_TRUE(none.departures.empty()) << "the control has nothing to spend";
  const DefenseChoice& granted = experiment.defenses[1];
  EXPECT_THAT(granted.granted, ElementsAre(Allowance::steps, Allowance::batch_size,
                                           Allowance::learning_rates, Allowance::poison_share));
  EXPECT_TRUE(granted.departures.empty());
  const DefenseChoice& own = experiment.defenses[2];
  EXPECT_THAT(own.granted, ElementsAre(Allowance::batch_size, Allowance::poison_share));
  EXPECT_THAT(own.departures, ElementsAre("epochs = 9", "rate = 0.25"));
  EXPECT_THAT(experiment.defenses[3].departures, ElementsAre("it takes nothing of it"));
}

TEST(DefenseBudgetTest, OnlyWhatIsGrantedIsShared) {
  const BudgetChoice budget{.steps = 40, .learning_rates = {0.1, 0.3}};
  const DefenseBudget steps = share_of(budget, {Allowance::steps});
  EXPECT_EQ(steps.steps, 40);
  EXPECT_FALSE(steps.batch_size);
  EXPECT_FALSE(steps.poison_share);
  EXPECT_TRUE(steps.learning_rates.empty());
  const DefenseBudget others =
      share_of(budget, {Allowance::batch_size, Allowance::learning_rates, Allowance::poison_share});
  EXPECT_FALSE(others.steps);
  EXPECT_EQ(others.batch_size, BudgetChoice{}.batch_size);
  EXPECT_THAT(others.learning_rates, ElementsAre(0.1, 0.3));
  EXPECT_EQ(others.poison_share, BudgetChoice{}.poison_share);
}

TEST(DefenseBudgetTest, WithoutTheSectionNothingIsLimited) {
  const Experiment experiment = read(kMinimal + "[[defense]]\nplugin = \"tuning\"\nepochs = 9\n");
  EXPECT_FALSE(experiment.defense_budget);
  EXPECT_TRUE(experiment.defenses[1].granted.empty());
  EXPECT_TRUE(experiment.defenses[1].departures.empty());
}

TEST(DefenseBudgetTest, RefusesWhatIsNoBudget) {
  for (const auto& [text, code] : {std::pair("learning_rates = []", "config.bad-value"),
                                   std::pair("learning_rates = [2.0]", "config.bad-value"),
                                   std::pair("steps = 0", "config.bad-value"),
                                   std::pair("steps = \"many\"", "config.wrong-type"),
                                   std::pair("seconds = 60", "config.unknown-key")}) {
    const auto problems = problems_of(kMinimal + "[defense_budget]\n" + text + "\n");
    ASSERT_EQ(problems.size(), 1U) << text;
    EXPECT_EQ(problems.front().code, code) << text;
    EXPECT_EQ(problems.front().span->line, 8) << text;
  }
}

TEST(DefenseBudgetTest, IsTold) {
  EXPECT_EQ(in_words({}),
            "300 steps of 32 samples; learning rate 2e-05, 1e-04, 5e-04, 0.002, by accuracy on "
            "0.2 of the clean samples, which nothing else is done with; share of a class that is "
            "assumed to be poisoned: 0.05");
  EXPECT_EQ(in_words({.learning_rates = {0.5}}),
            "300 steps of 32 samples; learning rate 0.5; share of a class that is assumed to be "
            "poisoned: 0.05");
}

}  // namespace
}  // namespace ncmlab::testing
