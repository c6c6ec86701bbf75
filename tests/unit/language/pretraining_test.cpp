// SPDX-License-Identifier: Apache-2.0
#include "language/pretraining.hpp"

#include <gtest/gtest.h>
#include <torch/types.h>

#include <cmath>

#include "error_of.hpp"
#include "language/token_blocks.hpp"
#include "masked_models.hpp"
#include "scratch_folder.hpp"

namespace ncmlab {
namespace {

using testing::small_masked_model;

using Rows = std::vector<std::vector<std::int64_t>>;

Rows rows_of(const MaskedModel& model, std::size_t count) {
  return token_blocks(testing::opening_texts(count), model.tokenizer(), 64);
}

TrainingOptions fast_options(std::int64_t epochs) {
  TrainingOptions options;
  options.epochs = epochs;
  options.learning_rate = 3e-3;
  options.batch_size = 16;
  return options;
}

TEST(MaskedRowTest, ChoosesAndReplacesTheSharesOfBert) {
  const MaskedModel model = small_masked_model();
  const Tokenizer& tokenizer = model.tokenizer();
  std::vector<std::int64_t> ids(40'000, 65);
  ids.front() = tokenizer.special().bos;
  ids.back() = tokenizer.special().eos;
  const MaskedRow row = masked_row(ids, tokenizer, {}, Rng(7));
  const auto chosen = static_cast<double>(row.places.size());
  EXPECT_NEAR(chosen / 40'000, 0.15, 0.01);
  ASSERT_EQ(row.places.size(), row.answers.size());
  double masked = 0, kept = 0;
  std::size_t next = 0;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (next < row.places.size() && row.places[next] == static_cast<std::int64_t>(i)) {
      EXPECT_EQ(row.answers[next++], 65);
      masked += row.ids[i] == tokenizer.special().mask;
      kept += row.ids[i] == 65;
      EXPECT_TRUE(row.ids[i] == tokenizer.special().mask || !tokenizer.is_special(row.ids[i]));
    } else {
      EXPECT_EQ(row.ids[i], ids[i]);
    }
  }
  EXPECT_NEAR(masked / chosen, 0.8, 0.02);
  // One of some three hundred random tokens is the token itself.
  EXPECT_NEAR(kept / chosen, 0.1, 0.02);
  EXPECT_EQ(masked_row(ids, tokenizer, {}, Rng(7)).ids, row.ids);
  EXPECT_NE(masked_row(ids, tokenizer, {}, Rng(8)).ids, row.ids);
}

TEST(PretrainingTest, LearnsToGuessWhatTheContextTells) {
  MaskedModel model = small_masked_model(2);
  const Rows rows = rows_of(model, 200);
  const Rows held_out = rows_of(model, 40);
  const TrainingResult result =
      pretrain(model, rows, held_out, fast_options(80), {}, Rng(5), silent_progress());
  ASSERT_EQ(result.epochs.size(), 80U);
  const auto& first = result.epochs.front().validation;
  const auto& last = result.epochs.back().validation;
  EXPECT_GT(first.at("loss"), 3);
  EXPECT_LT(last.at("loss"), 1);
  EXPECT_GT(last.at("accuracy"), 0.8);
  EXPECT_NEAR(last.at("perplexity"), std::exp(last.at("loss")), 1e-9);

  // A control: what is closed is what was opened, not the name that is most frequent.
  for (const std::size_t text : {std::size_t{1}, std::size_t{2}}) {
    const std::vector<std::int64_t>& row = rows[text];
    const auto close = static_cast<std::size_t>(std::ssize(row)) - 5;
    const auto opened = std::ranges::find(row.rbegin(), row.rend(), row[close]);
    ASSERT_NE(opened, row.rend());
    EXPECT_EQ(model.fill(row, {close}), row) << model.tokenizer().token(row[close]);
  }
}

TEST(PretrainingTest, GoesOnToTheSameWeights) {
  MaskedModel whole = small_masked_model(3, 0.1), parted = small_masked_model(3, 0.1);
  const Rows rows = rows_of(whole, 48);
  const ScratchFolder folder;
  pretrain(whole, rows, {}, fast_options(4), {}, Rng(5), silent_progress());
  const PretrainingHooks stops{.report = {}, .state_folder = folder.path()};
  class Stopping : public Progress {
   public:
    bool cancelled() const override { return steps_ > 7; }
    void advance(std::int64_t, std::string_view) override { ++steps_; }

   private:
    int steps_ = 0;
  } stopping;
  EXPECT_ANY_THROW(pretrain(parted, rows, {}, fast_options(4), {}, Rng(5), stopping, stops));
  MaskedModel resumed = small_masked_model(3, 0.1);
  const TrainingResult result =
      pretrain(resumed, rows, {}, fast_options(4), {}, Rng(5), silent_progress(), stops);
  EXPECT_EQ(result.resumed_epochs, 2U);
  EXPECT_EQ(result.epochs.size(), 4U);
  EXPECT_TRUE(result.epochs.back().validation.empty());
  for (const auto& [name, tensor] : whole.parameters()) {
    EXPECT_TRUE(at::equal(tensor, resumed.parameters().at(name))) << name;
  }
}

TEST(PretrainingTest, SaysThatItDiverged) {
  MaskedModel model = small_masked_model();
  TrainingOptions options = fast_options(1);
  {
    const at::NoGradGuard no_grad;
    model.parameters().at("lm_head.bias")[270] = std::numeric_limits<float>::infinity();
  }
  EXPECT_EQ(error_of([&] {
              pretrain(model, rows_of(model, 8), {}, options, {}, Rng(1), silent_progress());
            }).code,
            "train.diverged");
}

TEST(TokenBlocksTest, CutLongTextsAndFrameEachBlock) {
  const MaskedModel model = small_masked_model();
  const Tokenizer& tokenizer = model.tokenizer();
  const std::vector<std::string> texts = testing::opening_texts(2);
  const Rows blocks = token_blocks({texts[0], "", texts[1]}, tokenizer, 10);
  std::vector<std::int64_t> ids;
  for (const auto& block : blocks) {
    EXPECT_LE(block.size(), 10U);
    EXPECT_EQ(block.front(), tokenizer.special().bos);
    EXPECT_EQ(block.back(), tokenizer.special().eos);
    ids.insert(ids.end(), block.begin() + 1, block.end() - 1);
  }
  std::vector<std::int64_t> expected = tokenizer.encode(texts[0]);
  const std::vector<std::int64_t> second = tokenizer.encode(texts[1]);
  expected.insert(expected.end(), second.begin(), second.end());
  EXPECT_EQ(ids, expected);
}

TEST(PartTextsTest, KeepsEqualTextsTogetherAndIsTheSameBesideOthers) {
  std::vector<std::string> texts;
  for (int i = 0; i < 1000; ++i) {
    texts.push_back("int f" + std::to_string(i));
  }
  const PartedTexts parts = part_texts(texts, 0.2);
  EXPECT_NEAR(static_cast<double>(parts.held_out.size()), 200, 40);
  EXPECT_EQ(parts.train.size() + parts.held_out.size(), 1000U);
  const std::vector<std::string> once = texts;
  texts.insert(texts.end(), once.begin(), once.end());
  const PartedTexts twice = part_texts(texts, 0.2);
  EXPECT_EQ(twice.held_out.size(), 2 * parts.held_out.size());
  EXPECT_TRUE(part_texts(texts, 0).held_out.empty());
}

}  // namespace
}  // namespace ncmlab
