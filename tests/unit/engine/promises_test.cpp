// SPDX-License-Identifier: Apache-2.0
// Plugins that break a promise fail their cell, under their name and that of their library.
#include "engine/promises.hpp"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "scratch_folder.hpp"
#include "toy_experiment.hpp"
#include "toy_runs.hpp"

namespace ncmlab {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;

/// The toys and the rogues of tests/bad_plugins.
const Catalogue& rogue_catalogue() {
  static const Catalogue instance = [] {
    Catalogue catalogue = toy_catalogue();
    load_plugins({std::string(NCMLAB_BAD_PLUGINS) + "/rogue"}, catalogue);
    return catalogue;
  }();
  return instance;
}

PluginChoice rogue(PluginKind kind, const std::string& how, double rate = 0.5) {
  return {.kind = kind,
          .plugin = "rogue",
          .label = how,
          .settings = {{"how", how}, {"rate", rate}},
          .span = {}};
}

RunResult run(const Experiment& experiment, RunProgress& progress,
              const Catalogue& catalogue = rogue_catalogue()) {
  const ScratchFolder scratch;
  Store store(scratch.path() / "store");
  return run_plan(make_plan(experiment, catalogue), catalogue, store, scratch.path() / "run",
                  progress);
}

struct Broken {
  const char* how;
  const char* code;
  const char* message;
};

class RogueAttackTest : public testing::TestWithParam<Broken> {};

TEST_P(RogueAttackTest, FailsItsCellAndIsNamedWithItsLibrary) {
  Experiment experiment = toy_experiment();
  experiment.attacks.back() = AttackChoice{rogue(PluginKind::attack, GetParam().how), "", "", ""};
  RunProgress progress;
  const RunResult result = run(experiment, progress);
  ASSERT_EQ(result.records.size(), 2U);
  EXPECT_EQ(result.records[0].failure, "");
  EXPECT_THAT(result.records[1].failure,
              AllOf(HasSubstr("attack `rogue`"), HasSubstr(GetParam().message),
                    HasSubstr(std::string("[") + GetParam().code + "; "),
                    HasSubstr("rogue/libncmlab_attack_rogue.so")));
}

std::string test_name(const testing::TestParamInfo<Broken>& info) {
  std::string name = info.param.how;
  std::ranges::replace(name, ' ', '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(
    Promises, RogueAttackTest,
    testing::Values(
        Broken{"null", "plugin.nothing-returned", "returned no backdoor from `prepare`"},
        Broken{"throws", "plugin.threw", "threw an exception in `prepare`: no attack today ["},
        Broken{"throws a number", "plugin.threw",
               "threw something that is no exception in `prepare`"},
        Broken{"errors", "attack.rogue.tired", "no poison today [attack.rogue.tired; come back "},
        Broken{"relabels others", "engine.bad-poisoning",
               "with another label, but does not list it as poisoned"},
        Broken{"edits others", "engine.bad-poisoning", "changed, but does not list it as poisoned"},
        Broken{"lists clean ones", "engine.bad-poisoning", "as it was, but lists it as poisoned"},
        Broken{"breaks poison", "engine.bad-poisoning",
               "with code that does not parse, which it did before the edit"},
        Broken{"unknown label", "engine.bad-poisoning", "with label 7, expected 0 to 1"},
        Broken{"other language", "engine.bad-poisoning", "in another language"},
        Broken{"poisons nothing", "engine.nothing-poisoned", "poisoned none of "},
        Broken{"no trigger", "engine.no-trigger", "has a trigger that none of the "},
        Broken{"same trigger", "engine.bad-trigger", "returned with the trigger sample "},
        Broken{"trigger id", "engine.bad-trigger", "-triggered` in the place of "},
        Broken{"trigger label", "engine.bad-trigger", "with label 0, expected its true label 1"},
        Broken{"trigger query", "engine.bad-trigger", "with another `query`, which is not code"},
        Broken{"trigger other code", "engine.bad-trigger",
               "with another `other_code`, which only pairs have"},
        Broken{"breaks trigger", "engine.bad-trigger",
               "with code that does not parse, which it did before the edit"}),
    test_name);

TEST(RogueTest, OneThatBehavesWellIsMeasured) {
  Experiment experiment = toy_experiment();
  experiment.attacks.back() = AttackChoice{rogue(PluginKind::attack, "well"), "", "", ""};
  RunProgress progress;
  EXPECT_EQ(run(experiment, progress).failed, 0U);
}

TEST(RogueTest, AnAttackMayPoisonNothingAtARateOfZero) {
  Experiment experiment = toy_experiment();
  experiment.attacks.back() = AttackChoice{rogue(PluginKind::attack, "well", 0), "", "", ""};
  RunProgress progress;
  EXPECT_EQ(run(experiment, progress).failed, 0U);
}

TEST(RogueTest, AnAttackThatEditsNothingMayBeExported) {
  for (const char* how : {"poisons nothing", "no trigger"}) {
    Experiment experiment = toy_experiment();
    experiment.attacks.back() = AttackChoice{rogue(PluginKind::attack, how), "", "", ""};
    const Plan plan = make_plan(experiment, rogue_catalogue());
    const ScratchFolder scratch;
    Store store(scratch.path());
    RunProgress progress;
    const PoisonedCorpus corpus =
        poison_corpus(plan, rogue_catalogue(), attacked(plan), store, progress);
    EXPECT_TRUE(corpus.poisoning.set.poisoned.empty() ||
                corpus.poisoning.triggered.examples.empty());
  }
}

TEST(RogueTest, AGradModeLeftOffDoesNotReachTheNextStage) {
  Experiment experiment = toy_experiment();
  experiment.attacks.back() = AttackChoice{rogue(PluginKind::attack, "no gradients"), "", "", ""};
  RunProgress progress;
  const RunResult result = run(experiment, progress);
  EXPECT_EQ(result.failed, 0U) << result.records[1].failure;
}

/// Two cells without an attack: the first has no defense, the second has the rogue.
RunResult run_rogue_defense(const std::string& how, RunProgress& progress) {
  Experiment experiment = toy_experiment();
  experiment.attacks.pop_back();
  experiment.defenses.push_back({rogue(PluginKind::defense, how)});
  return run(experiment, progress);
}

class RogueDefenseTest : public testing::TestWithParam<Broken> {};

TEST_P(RogueDefenseTest, FailsItsCellAndIsNamedWithItsLibrary) {
  RunProgress progress;
  const RunResult result = run_rogue_defense(GetParam().how, progress);
  EXPECT_EQ(result.records[0].failure, "");
  EXPECT_THAT(result.records[1].failure,
              AllOf(HasSubstr("defense `rogue`"), HasSubstr(GetParam().message),
                    HasSubstr(std::string("[") + GetParam().code + "; "),
                    HasSubstr("rogue/libncmlab_attack_rogue.so")));
}

INSTANTIATE_TEST_SUITE_P(
    Promises, RogueDefenseTest,
    testing::Values(Broken{"hides a change", "engine.bad-outcome",
                           "changed the weights of its copy, but does not say that it repaired "
                           "the model"},
                    Broken{"ruins", "engine.bad-weights",
                           "left weights that are not finite after its repair: tensor "
                           "`classifier.out_proj.bias`"}),
    test_name);

TEST(RogueTest, ARepairThatChangesNothingIsSaid) {
  RecordingProgress progress;
  EXPECT_EQ(run_rogue_defense("repairs nothing", progress).failed, 0U);
  EXPECT_THAT(progress.lines, Contains(HasSubstr("left all weights as they were")));
}

/// Fills the weights that `model` builds with one number.
class Filled final : public Model {
 public:
  Filled(std::shared_ptr<Model> model, float number) : model_(std::move(model)), number_(number) {}
  CodeModel build(const ModelContext& context) const override {
    CodeModel victim = model_->build(context);
    const at::NoGradGuard no_grad;
    for (const auto& [name, tensor] : victim.head().parameters()) {
      tensor.fill_(number_);
    }
    return victim;
  }
  CodeModel open(const std::filesystem::path& folder, const ModelContext& context) const override {
    return model_->open(folder, context);
  }
  std::string data_fingerprint() const override { return {}; }

 private:
  std::shared_ptr<Model> model_;
  float number_;
};

std::string failure_with_weights(float number) {
  Catalogue catalogue;
  for (LoadedPlugin plugin : toy_catalogue().plugins()) {
    if (plugin.entry.name == "echo") {
      plugin.entry.create = [number](const Settings& settings) -> std::shared_ptr<Plugin> {
        return std::make_shared<Filled>(
            toy_catalogue().create<Model>(PluginKind::model, "echo", settings), number);
      };
    }
    catalogue.add(std::move(plugin));
  }
  Experiment experiment = toy_experiment();
  experiment.attacks.pop_back();
  experiment.models[0].training.epochs = 0;
  RunProgress progress;
  return run(experiment, progress, catalogue).records[0].failure;
}

TEST(RogueTest, WeightsThatAreNotFiniteFailTheVictim) {
  EXPECT_THAT(failure_with_weights(std::numeric_limits<float>::quiet_NaN()),
              AllOf(HasSubstr("victim: "), HasSubstr("model `echo` left weights that are not "
                                                     "finite before any training: tensor "
                                                     "`classifier.")));
}

TEST(RogueTest, PredictionsThatAreNotFiniteFailTheMeasurement) {
  EXPECT_THAT(failure_with_weights(3e38F),
              AllOf(HasSubstr("predict: "), HasSubstr("[engine.bad-predictions]"),
                    HasSubstr("the predictions of the model are not finite for ")));
}

}  // namespace
}  // namespace ncmlab
