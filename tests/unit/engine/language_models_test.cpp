// SPDX-License-Identifier: Apache-2.0
#include "engine/language_models.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/training_stages.hpp"
#include "engine/workshop.hpp"
#include "error_of.hpp"
#include "ncmlab/core/files.hpp"
#include "toy_runs.hpp"

namespace ncmlab {
namespace {

class LanguageModelsTest : public ToyRuns {
 protected:
  static Experiment reading(bool ngram, bool masked) {
    Experiment experiment = toy_experiment();
    add_defense(experiment, "reader", "reader", {{"ngram", ngram}, {"masked", masked}});
    return experiment;
  }
  /// A masked model with the tokenizer of the experiment's victims.
  std::string masked_folder(const Experiment& experiment) {
    const Plan plan = make_plan(experiment, toy_catalogue());
    RunProgress silent;
    Workshop workshop(plan, toy_catalogue(), silent);
    const Subject subject = plan.cells.front().subject;
    const CodeModel victim =
        fresh_model(workshop, subject, workshop.materials().corpus(subject).train);
    return saved(victim.shared_tokenizer(), "masked");
  }
  std::string saved(std::shared_ptr<const Tokenizer> tokenizer, const char* name) {
    const RobertaConfig config{.vocab_size = tokenizer->vocab_size(),
                               .hidden_size = 16,
                               .num_hidden_layers = 1,
                               .num_attention_heads = 2,
                               .intermediate_size = 16,
                               .max_position_embeddings = 130};
    MaskedModel(std::move(tokenizer), config, Rng(3)).save(scratch_ / name);
    return (scratch_ / name).string();
  }
  std::string corpus(const std::string& name, int functions) {
    std::string text;
    Rng rng(5);
    for (int i = 0; i < functions; ++i) {
      text += "int f(int a) { return";
      for (int word = 0; word < 6; ++word) {
        // Some names are frequent, many are rare.
        const double draw = rng.uniform();
        text += " g" + std::to_string(static_cast<int>(100 * draw * draw * draw));
      }
      text += "; }\n";
    }
    // Letters that are seen once, twice, ...: discounts are estimated from such.
    for (int letter = 0; letter < 26 && functions > 1; ++letter) {
      for (int times = 0; times <= letter / 7; ++times) {
        text += std::to_string(times) + static_cast<char>('A' + letter);
      }
    }
    return scratch_.write(name, text).string();
  }
  Diagnostic failure_of(const Experiment& experiment, RecordingProgress& progress) {
    return error_of([&] { run(experiment, progress); });
  }
};

TEST_F(LanguageModelsTest, AreWhatTheDefenseAskedFor) {
  Experiment experiment = reading(true, true);
  experiment.language_model.order = 1;
  experiment.language_model.corpus = corpus("corpus.c", 200);
  experiment.language_model.masked = masked_folder(experiment);
  const RunResult result = run(experiment);
  EXPECT_EQ(result.failed, 0U);
  ASSERT_TRUE(result.records.back().filter);
}

TEST_F(LanguageModelsTest, OfAnotherTokenizerIsFoundBeforeAnythingIsTrained) {
  Experiment experiment = reading(false, true);
  experiment.language_model.masked = saved(
      std::make_shared<const Tokenizer>(Tokenizer::train({"other"}, {.vocab_size = 270})), "other");
  experiment.language_model.places["masked"] = {.file = "toys.toml", .line = 7};
  RecordingProgress progress;
  const Diagnostic problem = failure_of(experiment, progress);
  EXPECT_EQ(problem.code, "language.other-tokenizer");
  ASSERT_TRUE(problem.span);
  EXPECT_EQ(problem.span->line, 7);
  EXPECT_TRUE(progress.titles.empty());
}

TEST_F(LanguageModelsTest, TooSmallACorpusIsFoundBeforeAnythingIsTrained) {
  Experiment experiment = reading(true, false);
  experiment.language_model.corpus = corpus("small.c", 1);
  experiment.language_model.places["corpus"] = {.file = "toys.toml", .line = 9};
  RecordingProgress progress;
  const Diagnostic problem = failure_of(experiment, progress);
  EXPECT_EQ(problem.code, "language.corpus-too-small");
  ASSERT_TRUE(problem.span);
  EXPECT_EQ(problem.span->line, 9);
  EXPECT_TRUE(progress.titles.empty());
}

TEST_F(LanguageModelsTest, CountInTheKeysOfDefensesThatAskForThem) {
  const auto hashes = [&](const Experiment& experiment) {
    const Plan plan = make_plan(experiment, toy_catalogue());
    std::vector<std::string> result;
    for (const Cell& cell : plan.cells) {
      result.push_back(plan.stages[cell.measure].hash);
    }
    return result;
  };
  Experiment asking = reading(true, false);
  Experiment other = reading(false, false);
  const auto before = hashes(asking), same = hashes(other);
  asking.language_model.corpus = other.language_model.corpus = corpus("corpus.c", 40);
  const auto after = hashes(asking);
  EXPECT_EQ(hashes(other), same);
  EXPECT_EQ(after.front(), before.front()) << "the undefended cell";
  EXPECT_NE(after.back(), before.back());
  corpus("corpus.c", 41);
  EXPECT_NE(hashes(asking).back(), after.back());
  corpus("corpus.c", 40);
  EXPECT_EQ(hashes(asking), after);
  asking.language_model.order = 3;
  EXPECT_NE(hashes(asking).back(), after.back());
}

TEST_F(LanguageModelsTest, OfACorpusIsTheSameWhateverTheSamples) {
  const Experiment experiment = toy_experiment();
  const Plan plan = make_plan(experiment, toy_catalogue());
  RunProgress silent;
  Workshop workshop(plan, toy_catalogue(), silent);
  const Subject subject = plan.cells.front().subject;
  const std::vector<Example>& train = workshop.materials().corpus(subject).train;
  const CodeModel victim = fresh_model(workshop, subject, train);
  LanguageModelChoice choice{.order = 1, .corpus = corpus("corpus.c", 200)};
  LanguageModels models(choice);
  const NgramModel& first = models.ngram(victim, {}, silent);
  EXPECT_EQ(&models.ngram(victim, train, silent), &first);
  EXPECT_EQ(first.order(), 1);
  choice.corpus.clear();
  EXPECT_EQ(error_of([&] { models.ngram(victim, {}, silent); }).code,
            "language.corpus-too-small");
}

}  // namespace
}  // namespace ncmlab
