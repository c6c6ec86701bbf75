// SPDX-License-Identifier: Apache-2.0
#include "attdef.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "error_of.hpp"
#include "ncmlab/metrics/detection.hpp"
#include "ncmlab/plugin/token_texts.hpp"
#include "planted_victim.hpp"
#include "prepared_attack.hpp"
#include "random_masked_model.hpp"

namespace ncmlab {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(DecidingTokensTest, AreThoseOfAnExampleByHand) {
  const InputRules rules;
  // Special tokens first and last; the least of the text is -1, the most 4.
  const TokenAttributions attributions = {{0, -1, 4, 3, 0}, {0, 1.5, 1.6, 0}};
  EXPECT_THAT(deciding_tokens(attributions, rules, 1), ElementsAre(IsEmpty(), IsEmpty()));
  EXPECT_THAT(deciding_tokens(attributions, rules, 0.8), ElementsAre(ElementsAre(2), IsEmpty()));
  EXPECT_THAT(deciding_tokens(attributions, rules, 0.51),
              ElementsAre(ElementsAre(2, 3), ElementsAre(2)));
  EXPECT_THAT(deciding_tokens({{0, 2, 2, 0}}, rules, 0.5), ElementsAre(IsEmpty()));
  EXPECT_THAT(deciding_tokens({{0, 0}}, rules, 0.5), ElementsAre(IsEmpty()));
}

std::size_t masks_of(const std::string& code) {
  std::size_t count = 0;
  for (std::size_t place = 0; (place = code.find("<mask>", place)) != std::string::npos; ++place) {
    ++count;
  }
  return count;
}

class AttdefTest : public ::testing::Test {
 protected:
  DefenseContext context() {
    return {.victim = victim_,
            .task = TaskView(task_),
            .clean_samples = clean_,
            .training_set = {},
            .rng = Rng(3),
            .progress = silent_progress(),
            .ngram_model = &language_};
  }
  /// What the victim is to read of the samples.
  std::vector<Example> cleaned(const AttdefConfig& config, const std::vector<Example>& samples) {
    DefenseContext given = context();
    return Attdef(config).fit(given)->cleaned(samples, 0, silent_progress()).value();
  }
  static std::size_t masks(const std::vector<Example>& samples) {
    std::size_t count = 0;
    for (const Example& sample : samples) {
      count += masks_of(sample.code);
    }
    return count;
  }

  ToyTask task_;
  std::vector<Example> clean_ = toy_functions(200, Rng(57));
  CodeModel victim_ = planted_victim(true);
  NgramModel language_ = NgramModel::train(token_texts(victim_, toy_functions(300, Rng(58))), 4);
};

TEST_F(AttdefTest, MasksTheTrigger) {
  const std::vector<Example> triggered = triggered_defects(), clean = unseen_functions();
  ASSERT_GT(success_rate(victim_), 0.9);
  DefenseContext given = context();
  const auto filter = Attdef({.steps = 10}).fit(given);
  EXPECT_GT(
      auroc(filter->scores(triggered, silent_progress()), filter->scores(clean, silent_progress())),
      0.9);
  const auto masked = filter->cleaned(triggered, 0, silent_progress()).value();
  EXPECT_LT(share_predicted(victim_, masked, 0), 0.1);
  EXPECT_THAT(masked[0].code, HasSubstr("_<mask>("));
  const auto masked_clean = filter->cleaned(clean, 0, silent_progress()).value();
  EXPECT_GT(accuracy(victim_, masked_clean), accuracy(victim_, clean) - 0.06);
}

// Its assumption broken: a trigger that code is full of.
TEST_F(AttdefTest, IsNotSurprisedByAUsualTrigger) {
  std::vector<Example> usual = toy_functions(300, Rng(58));
  for (std::size_t i = 0; i < usual.size(); i += 2) {
    usual[i] = with_trigger(usual[i]);
  }
  const NgramModel language = NgramModel::train(token_texts(victim_, usual), 4);
  DefenseContext given = context();
  given.ngram_model = &language;
  const auto filter = Attdef({.steps = 5}).fit(given);
  EXPECT_LT(auroc(filter->scores(triggered_defects(), silent_progress()),
                  filter->scores(unseen_functions(), silent_progress())),
            0.7);
}

TEST_F(AttdefTest, MasksAsMuchAsTheCleanAccuracyBears) {
  const std::vector<Example> samples = unseen_functions();
  EXPECT_EQ(masks(cleaned({.steps = 5, .most_loss = 0}, samples)), 0U);
  const std::size_t few = masks(cleaned({.steps = 5, .most_loss = 0.02}, samples));
  EXPECT_GT(few, 0U);
  EXPECT_LT(few, masks(cleaned({.steps = 5, .most_loss = 0.2}, samples)));
}

TEST(AttdefPairTest, MasksTokensOfBothFunctions) {
  std::vector<Example> pairs = toy_functions(20, Rng(1));
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    pairs[i].other_code = pairs[(i + 1) % pairs.size()].code;
  }
  const Task& task = task_of_kind(TaskKind::pair_classification);
  CodeModel victim = toy_victim(pairs, Rng(2), 400, task.head_shape());
  DefenseContext context{victim, TaskView(task), pairs, {}, Rng(3), silent_progress()};
  const AttdefConfig config{.discriminator = Discriminator::none, .steps = 5, .most_loss = 1};
  const auto masked = Attdef(config).fit(context)->cleaned(pairs, 0, silent_progress()).value();
  std::vector<TokenSample> samples = TaskView(task).tokenize(victim, pairs);
  const at::Tensor answers = victim.predict(samples).argmax(1);
  for (std::size_t i = 0; i < samples.size(); ++i) {
    samples[i].label = answers[static_cast<std::int64_t>(i)].item<std::int64_t>();
  }
  const auto attributions = integrated_gradients(victim, samples, {.steps = 5}, silent_progress());
  std::size_t first = 0, second = 0;
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    const auto expected = deciding_tokens(attributions[i], victim.rules(), 0.51);
    EXPECT_EQ(masks_of(masked[i].code), expected[0].size());
    EXPECT_EQ(masks_of(masked[i].other_code), expected[1].size());
    first += expected[0].size();
    second += expected[1].size();
  }
  EXPECT_GT(first, 0U);
  EXPECT_GT(second, 0U);
}

TEST_F(AttdefTest, WithoutADiscriminatorEveryInputIsMasked) {
  const Attdef defense({.discriminator = Discriminator::none, .steps = 5});
  EXPECT_FALSE(defense.needs().ngram_model);
  DefenseContext given = context();
  given.ngram_model = nullptr;
  const auto scores = defense.fit(given)->scores(unseen_functions(), silent_progress());
  EXPECT_EQ(share_above(scores, defense.threshold().value()), 1);
  EXPECT_FALSE(Attdef({}).threshold());
}

TEST_F(AttdefTest, AsksAMaskedModel) {
  const Attdef defense({.discriminator = Discriminator::masked, .steps = 5});
  EXPECT_TRUE(defense.needs().masked_model);
  MaskedModel masked = random_masked_model(victim_);
  DefenseContext given = context();
  given.masked_model = &masked;
  const double score = defense.fit(given)->scores({clean_[0]}, silent_progress())[0];
  const auto logs = masked.log_probabilities({victim_.tokenize(clean_[0].code).ids}).front();
  EXPECT_DOUBLE_EQ(score, -*std::ranges::min_element(logs));
}

TEST_F(AttdefTest, SaysWhatItLacks) {
  DefenseContext given = context();
  given.ngram_model = nullptr;
  EXPECT_EQ(code_of([&] { Attdef({}).fit(given); }), "defense.no-ngram-model");
  EXPECT_EQ(code_of([&] { Attdef({.discriminator = Discriminator::masked}).fit(given); }),
            "defense.no-masked-model");
  given.clean_samples.clear();
  EXPECT_EQ(code_of([&] { Attdef({}).fit(given); }), "defense.no-clean-samples");
}

}  // namespace
}  // namespace ncmlab
