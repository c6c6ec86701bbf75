// SPDX-License-Identifier: Apache-2.0
#include "killbadcode.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "error_of.hpp"
#include "ncmlab/plugin/token_texts.hpp"
#include "toy_task.hpp"

namespace ncmlab {
namespace {

/// 300 functions for the training, every tenth with a fixed trigger, and others that are clean.
class KillBadCodeTest : public ::testing::Test {
 protected:
  KillBadCodeTest() {
    for (std::size_t i = 0; i < train_.size(); i += 10) {
      train_[i].code.insert(train_[i].code.find('('), "_zzqq");
      train_[i].label = 0;
    }
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
  std::size_t poisoned = 0;
  for (const std::size_t i : suspicion.flagged) {
    poisoned += i % 10 == 0;
  }
  EXPECT_EQ(poisoned, 30U) << "all that are poisoned";
  EXPECT_EQ(suspicion.scores.size(), 300U);
  EXPECT_EQ(suspicion.figures.at("flagged_samples"), static_cast<double>(suspicion.flagged.size()));
  EXPECT_TRUE(kept_.empty()) << "nothing is trained";
}

TEST_F(KillBadCodeTest, GainsAreThoseOfTheTokenAlone) {
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
  EXPECT_EQ(code_of([&] { KillBadCode({}).inspect(given); }), "defense.no-language-model");
}

}  // namespace
}  // namespace ncmlab
