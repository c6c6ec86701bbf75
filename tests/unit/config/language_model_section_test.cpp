// SPDX-License-Identifier: Apache-2.0
// `[language_model]`.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "error_of.hpp"
#include "fake_catalogue.hpp"
#include "ncmlab/plugin/input_defense.hpp"

namespace ncmlab::testing {
namespace {

class Guesser final : public InputDefense {
 public:
  DefenseNeeds needs() const override { return {.masked_model = true}; }
  double false_rejection_rate() const override { return 0.1; }
  std::unique_ptr<InputFilter> fit(DefenseContext&) const override { return nullptr; }
};

TEST(LanguageModelSectionTest, HasDefaults) {
  const LanguageModelChoice choice = read(kMinimal).language_model;
  EXPECT_EQ(choice.order, 4);
  EXPECT_EQ(choice.field, "code");
  EXPECT_TRUE(choice.corpus.empty());
  EXPECT_TRUE(choice.masked.empty());
}

TEST(LanguageModelSectionTest, IsReadWithItsPlaces) {
  const TemporaryFile file(kMinimal +
                           "[language_model]\norder = 3\ncorpus = \"code\"\nfield = \"func\"\n"
                           "masked = \"/models/mlm\"\n");
  const Experiment experiment = read_experiment(file.path(), fake_catalogue());
  const LanguageModelChoice& choice = experiment.language_model;
  EXPECT_EQ(choice.order, 3);
  EXPECT_EQ(choice.corpus, (file.path().parent_path() / "code").string());
  EXPECT_EQ(choice.field, "func");
  EXPECT_EQ(choice.masked, "/models/mlm");
  EXPECT_EQ(choice.places.at("corpus").line, 9);
  EXPECT_EQ(choice.places.at("masked").line, 11);
}

TEST(LanguageModelSectionTest, RefusesWhatIsNoLanguageModel) {
  for (const auto& [text, code] :
       {std::pair("order = 0", "config.bad-value"), std::pair("order = 9", "config.bad-value"),
        std::pair("masked = 3", "config.wrong-type"),
        std::pair("smoothing = \"none\"", "config.unknown-key")}) {
    const auto problems = problems_of(kMinimal + "[language_model]\n" + text + "\n");
    ASSERT_EQ(problems.size(), 1U) << text;
    EXPECT_EQ(problems.front().code, code) << text;
    EXPECT_EQ(problems.front().span->line, 8) << text;
  }
}

TEST(LanguageModelSectionTest, IsAskedForByDefenses) {
  Catalogue catalogue = fake_catalogue();
  Entry guesser = entry(PluginKind::defense, "guesser", {});
  guesser.create = [](const Settings&) { return std::make_shared<Guesser>(); };
  catalogue.add({guesser, "fake.so", "0"});
  const std::string text = kMinimal + "[[defense]]\nplugin = \"guesser\"\n";
  const TemporaryFile file(text);
  Experiment experiment = read_experiment(file.path(), catalogue);
  const Diagnostic problem = error_of([&] { check_experiment(experiment, catalogue); });
  EXPECT_EQ(problem.code, "config.no-masked-model");
  EXPECT_EQ(problem.span->line, 8);
  experiment.language_model.masked = "mlm";
  EXPECT_NO_THROW(check_experiment(experiment, catalogue));
}

}  // namespace
}  // namespace ncmlab::testing
