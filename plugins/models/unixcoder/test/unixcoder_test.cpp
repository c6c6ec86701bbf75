// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <torch/types.h>
#include <unistd.h>

#include <filesystem>

#include "model_plugin_test.hpp"
#include "ncmlab/inversion/candidate_scorer.hpp"

namespace ncmlab {
namespace {

namespace fs = std::filesystem;

using testing::kSource;

class UniXcoderTest : public testing::ModelPluginTest {};

TEST_F(UniXcoderTest, RowsBeginWithTheModeAndItsEnd) {
  const CodeModel victim = model(tiny())->build(context());
  const Tokenizer& tokenizer = victim.tokenizer();
  const auto mode = tokenizer.id_of("<encoder-only>");
  ASSERT_TRUE(mode.has_value());
  EXPECT_TRUE(tokenizer.is_special(*mode));
  const TokenRow row = victim.tokenize("a+b");
  const std::vector<std::int64_t> text = tokenizer.encode("a+b");
  const SpecialIds& special = tokenizer.special();
  std::vector<std::int64_t> expected = {special.bos, *mode, special.eos};
  expected.insert(expected.end(), text.begin(), text.end());
  expected.push_back(special.eos);
  EXPECT_EQ(row.ids, expected);
  EXPECT_EQ(victim.rules().first_position(), 3);
}

TEST_F(UniXcoderTest, ThePrefixCountsTowardsTheLengthAndRangesStayAligned) {
  ModelContext shorter = context();
  shorter.rules.max_tokens = 8;
  const CodeModel victim = model(tiny())->build(shorter);
  const TokenRow row = victim.tokenize_with_ranges(kSource);
  ASSERT_EQ(row.ids.size(), 8u);
  ASSERT_EQ(row.ranges.size(), 8u);
  EXPECT_EQ(row.ids, victim.tokenize(kSource).ids);
  EXPECT_EQ(row.ids.back(), victim.tokenizer().special().eos);
  for (const std::size_t special : {0u, 1u, 2u, 7u}) {
    EXPECT_EQ(row.ranges[special].begin, row.ranges[special].end) << special;
  }
  EXPECT_EQ(row.ranges[3].begin, 0u);
  for (std::size_t i = 4; i < 7; ++i) {
    EXPECT_EQ(row.ranges[i].begin, row.ranges[i - 1].end) << i;
  }
}

TEST_F(UniXcoderTest, TriggersAreKeptOutOfThePrefix) {
  CodeModel victim = model(tiny())->build(context());
  const TokenSample sample{.parts = {victim.tokenize(kSource)}};
  const auto scorer = [&](std::int64_t position) {
    CandidateScorer(victim, {{.sample = sample, .part = 0, .places = before_token(position)}}, 1,
                    {});
  };
  EXPECT_NO_THROW(scorer(3));
  for (const std::int64_t position : {0, 1, 2}) {
    EXPECT_EQ(code_of([&] { scorer(position); }), "model.trigger-position") << position;
  }
}

TEST_F(UniXcoderTest, ClassifiesByTheFirstTokenAndSearchesByTheMean) {
  const auto plugin = model(tiny());
  EXPECT_EQ(plugin->build(context()).encoder().shape().pooling, Pooling::cls);
  ModelContext search = context();
  search.head = HeadShape::for_search();
  EXPECT_EQ(plugin->build(search).encoder().shape().pooling, Pooling::mean);
}

TEST_F(UniXcoderTest, OpensWhatItSavedWithTheSameAnswers) {
  const auto plugin = model(tiny());
  CodeModel saved = plugin->build(context());
  saved.save(folder_ / "victim");
  CodeModel opened = plugin->open(folder_ / "victim", context());
  EXPECT_EQ(saved.tokenize(kSource).ids, opened.tokenize(kSource).ids);
  const TokenSample sample{.parts = {saved.tokenize(kSource)}};
  EXPECT_TRUE(torch::equal(saved.predict({sample}), opened.predict({sample})));
}

TEST_F(UniXcoderTest, PartsTooShortForThePrefixAreRefused) {
  ModelContext shorter = context();
  shorter.rules.part_max_tokens = {32, 4};
  EXPECT_EQ(code_of([&] { (void)model(tiny())->build(shorter); }), "model.max-tokens");
}

TEST_F(UniXcoderTest, ATokenizerWithoutTheModeIsRefused) {
  Tokenizer::train({kSource}, {.vocab_size = 280}).save(folder_ / "plain");
  Settings settings = tiny();
  settings["tokenizer"] = (folder_ / "plain").string();
  EXPECT_EQ(code_of([&] { (void)model(settings)->build(context()); }), "tokenizer.no-mode");
  EXPECT_EQ(code_of([&] { (void)model(settings)->check(context()); }), "tokenizer.no-mode");
}

}  // namespace
}  // namespace ncmlab
