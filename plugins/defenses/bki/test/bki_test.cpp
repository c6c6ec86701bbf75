// SPDX-License-Identifier: Apache-2.0
#include "bki.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "planted_victim.hpp"

namespace ncmlab {
namespace {

using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::IsEmpty;

/// Keeps what is logged.
class Log final : public Progress {
 public:
  void log(std::string_view line) override { lines.emplace_back(line); }
  std::vector<std::string> lines;
};

Suspicion inspect(CodeModel& victim, const std::vector<Example>& train_set, BkiConfig config = {},
                  Progress& progress = silent_progress()) {
  const ToyTask task;
  DefenseContext context{victim, TaskView(task), {}, train_set, Rng(7), progress};
  return Bki(config).inspect(context);
}

TEST(BkiTest, FindsAPlantedTrigger) {
  Log log;
  CodeModel victim = planted_victim(true);
  const Suspicion suspicion = inspect(victim, planted_training_set(true), {}, log);
  EXPECT_THAT(log.lines, ElementsAre("the backdoor keyword is `rb`"));
  EXPECT_GE(planted_among(suspicion.flagged), 45U) << "of 50";
  EXPECT_EQ(planted_among(suspicion.flagged), suspicion.flagged.size()) << "and no others";
  const auto flagged = static_cast<double>(suspicion.flagged.size());
  EXPECT_EQ(suspicion.figures.at("flagged_samples"), flagged);
  EXPECT_EQ(suspicion.figures.at("keyword_count"), flagged);
  ASSERT_EQ(suspicion.scores.size(), 500U);
  for (const std::size_t place : suspicion.flagged) {
    EXPECT_EQ(suspicion.scores[place], *std::ranges::max_element(suspicion.scores));
  }
}

// Its assumption broken: without a backdoor no word decides, and it still names one.
TEST(BkiTest, NamesAKeywordOfCleanDataToo) {
  CodeModel victim = planted_victim(false);
  const Suspicion suspicion = inspect(victim, planted_training_set(false));
  EXPECT_FALSE(suspicion.flagged.empty());
  EXPECT_FALSE(suspicion.backdoored) << "it gives no verdict";
}

TEST(BkiTest, AVictimThatDoesNotKnowTheTriggerHidesIt) {
  CodeModel victim = planted_victim(false);
  EXPECT_LT(planted_among(inspect(victim, planted_training_set(true)).flagged), 45U);
}

TEST(BkiTest, AWordIsAKeyWordOfMoreSamplesTheMoreTheyHave) {
  CodeModel victim = planted_victim(false);
  const std::vector<Example> clean = toy_functions(60, Rng(8));
  const Suspicion one = inspect(victim, clean, {.words = 1});
  const Suspicion many = inspect(victim, clean, {.words = 20});
  EXPECT_LT(one.figures.at("keyword_count"), many.figures.at("keyword_count"));
}

TEST(BkiTest, AChangeIsTheLargestOfTheSentenceVector) {
  const ToyTask task;
  CodeModel victim = planted_victim(true);
  const Example sample = unseen_functions().front();
  const auto words = key_words(victim, TaskView(task), sample, 1000, silent_progress());
  // The word `int` at the front, taken out by hand.
  const TokenRow whole = victim.tokenize(sample.code);
  TokenRow rest = whole;
  const auto tokens = static_cast<std::ptrdiff_t>(victim.tokenizer().encode("int").size());
  rest.ids.erase(rest.ids.begin() + 1, rest.ids.begin() + 1 + tokens);
  const at::Tensor vectors = victim.sentence_vectors({{.parts = {whole}}, {.parts = {rest}}});
  const double change = (vectors[0] - vectors[1]).abs().max().item<double>();
  EXPECT_GT(change, 0);
  EXPECT_TRUE(std::ranges::any_of(words, [&](const WordImpact& impact) {
    return impact.word == "int" && std::abs(impact.change - change) < 1e-5;
  }));
  EXPECT_TRUE(std::ranges::is_sorted(words, std::greater{}, &WordImpact::change));
  EXPECT_EQ(key_words(victim, TaskView(task), sample, 3, silent_progress()).size(), 3U);
}

// Worked out by hand: mean change times the decimal logarithm of the count.
TEST(BkiTest, RanksByMeanChangeAndCount) {
  std::vector<std::vector<WordImpact>> key_words(100, {{.word = "often", .change = 1}});
  for (int i = 0; i < 10; ++i) {
    key_words.push_back({{.word = "strong", .change = i < 5 ? 2.0 : 4.0}});
  }
  key_words.push_back({{.word = "once", .change = 99}});
  const std::vector<Keyword> ranked = ranked_keywords(key_words);
  ASSERT_THAT(ranked, ElementsAre(Field(&Keyword::word, "strong"), Field(&Keyword::word, "often"),
                                  Field(&Keyword::word, "once")));
  EXPECT_DOUBLE_EQ(ranked[0].suspicion(), 3);
  EXPECT_DOUBLE_EQ(ranked[1].suspicion(), 2);
  EXPECT_DOUBLE_EQ(ranked[2].suspicion(), 0) << "a word of one sample";
}

TEST(BkiTest, NeedsAWordThatRecurs) {
  CodeModel victim = planted_victim(true);
  EXPECT_THAT(inspect(victim, {unseen_functions().front()}, {.words = 1}).flagged, IsEmpty());
  EXPECT_THAT(inspect(victim, {}).flagged, IsEmpty());
}

}  // namespace
}  // namespace ncmlab
