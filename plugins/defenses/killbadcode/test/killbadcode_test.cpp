// SPDX-License-Identifier: Apache-2.0
#include "killbadcode.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <numeric>

#include "error_of.hpp"
#include "ncmlab/metrics/detection.hpp"
#include "ncmlab/plugin/token_texts.hpp"
#include "toy_task.hpp"

namespace ncmlab {
namespace {

/// 300 functions for the training, every tenth with a fixed trigger, and others that are clean.
class KillBadCodeTest : public ::testing::Test {
 protected:
  KillBadCodeTest() {
    for (std::size_t i = 0; i < train_.size(); i += 10) {
      plant(train_[i]);
      train_[i].label = 0;
    }
  }
  static void plant(Example& example) { example.code.insert(example.code.find('('), "_zzqq"); }
  static std::size_t poisoned_in(const Suspicion& suspicion) {
    return static_cast<std::size_t>(std::ranges::count_if(
        suspicion.flagged, [](std::size_t place) { return place % 10 == 0; }));
  }
  /// Of the scores of what is poisoned against the others.
  static double area(const Suspicion& suspicion) {
    std::vector<double> poisoned, clean;
    for (std::size_t i = 0; i < suspicion.scores.size(); ++i) {
      (i % 10 == 0 ? poisoned : clean).push_back(suspicion.scores[i]);
    }
    return auroc(poisoned, clean);
  }
  DefenseContext context() {
    return {.victim = victim_,
            .task = TaskView(task_),
            .clean_samples = clean_,
            .training_set = train_,
            .rng = Rng(3),
            .progress = silent_progress(),
            .ngram_model = &language_,
            .train_victim = [this](const std::vector<std::size_t>& kept) {
              kept_ = kept;
              return victim_.clone();
            }};
  }

  ToyTask task_;
  std::vector<Example> clean_ = toy_functions(300, Rng(1));
  std::vector<Example> train_ = toy_functions(300, Rng(2));
  CodeModel victim_ = toy_victim(clean_, Rng(3));
  NgramModel language_ = NgramModel::train(token_texts(victim_, clean_), 4);
  std::vector<std::size_t> kept_;
};

TEST_F(KillBadCodeTest, FindsAPlantedTrigger) {
  DefenseContext given = context();
  const Suspicion suspicion = KillBadCode({.triggers = 2, .confirm = false}).inspect(given);
  const std::size_t poisoned = poisoned_in(suspicion);
  EXPECT_EQ(poisoned, 30U) << "all that are poisoned";
  EXPECT_LT(suspicion.flagged.size() - poisoned, 3U);
  EXPECT_GT(area(suspicion), 0.99);
  EXPECT_EQ(suspicion.scores.size(), 300U);
  EXPECT_EQ(suspicion.figures.at("flagged_samples"), static_cast<double>(suspicion.flagged.size()));
  EXPECT_TRUE(kept_.empty()) << "nothing is trained";
}

// Its assumption broken: a trigger that code is full of.
TEST_F(KillBadCodeTest, DoesNotFindWhatIsUsual) {
  std::vector<Example> usual = clean_;
  for (Example& example : usual) {
    plant(example);
  }
  const NgramModel language = NgramModel::train(token_texts(victim_, usual), 4);
  DefenseContext given = context();
  given.ngram_model = &language;
  const Suspicion suspicion = KillBadCode({.triggers = 2, .confirm = false}).inspect(given);
  EXPECT_LT(4 * poisoned_in(suspicion), suspicion.flagged.size()) << "a tenth is poisoned";
  EXPECT_LT(area(suspicion), 0.8);
}

TEST_F(KillBadCodeTest, GainsAreWhatTheEntropyFallsByWithoutAToken) {
  const std::vector<std::int64_t> text = token_texts(victim_, {train_[0]}).front();
  const auto entropy = [&](const std::vector<std::int64_t>& ids) {
    const std::vector<double> logs = language_.log10_probabilities(ids);
    return -std::accumulate(logs.begin(), logs.end(), 0.0) / static_cast<double>(ids.size());
  };
  std::map<std::int64_t, double> expected;
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::vector<std::int64_t> rest = text;
    rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(i));
    expected[text[i]] += std::max(0.0, entropy(text) - entropy(rest));
  }
  const auto gains = token_gains({text}, language_, victim_.tokenizer(), 600, silent_progress());
  ASSERT_GT(gains.front().second, 0);
  for (const auto& [id, gain] : gains) {
    EXPECT_NEAR(gain, expected.at(id), 1e-9) << victim_.tokenizer().decode({id});
  }
}

TEST_F(KillBadCodeTest, GainsAreOfTokensOfLettersAndDigits) {
  const auto texts = token_texts(victim_, {train_[0], train_[1]});
  const auto gains = token_gains(texts, language_, victim_.tokenizer(), 600, silent_progress());
  ASSERT_FALSE(gains.empty());
  EXPECT_TRUE(std::ranges::is_sorted(gains, std::greater{}, &TokenGain::second));
  for (const auto& [id, gain] : gains) {
    EXPECT_GE(gain, 0);
    const std::string text = victim_.tokenizer().decode({id});
    EXPECT_EQ(text.find_first_of("(){};_\n"), std::string::npos) << text;
  }
  EXPECT_TRUE(token_gains({{}}, language_, victim_.tokenizer(), 600, silent_progress()).empty());
}

TEST_F(KillBadCodeTest, TakesBackWhatAVictimWithoutThemConfirms) {
  DefenseContext given = context();
  const Suspicion all = KillBadCode({.triggers = 2, .confirm = false}).inspect(given);
  const Suspicion some = KillBadCode({.triggers = 2}).inspect(given);
  EXPECT_EQ(kept_.size(), 300 - all.flagged.size());
  EXPECT_EQ(some.flagged.size() + static_cast<std::size_t>(some.figures.at("samples_taken_back")),
            all.flagged.size());
  const at::Tensor answers = victim_.predict(TaskView(task_).tokenize(victim_, train_)).argmax(1);
  for (const std::size_t i : some.flagged) {
    EXPECT_NE(answers[static_cast<std::int64_t>(i)].item<std::int64_t>(), train_[i].label);
  }
}

TEST_F(KillBadCodeTest, NeedsALanguageModel) {
  DefenseContext given = context();
  given.ngram_model = nullptr;
  EXPECT_EQ(code_of([&] { KillBadCode({}).inspect(given); }), "defense.no-ngram-model");
}

}  // namespace
}  // namespace ncmlab
