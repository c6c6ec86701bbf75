// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <torch/torch.h>
#include <unistd.h>

#include <filesystem>

#include "ncmlab/core/diagnostic.hpp"
#include "ncmlab/nn/candidate_scorer.hpp"
#include "ncmlab/plugin/registration.hpp"

namespace ncmlab_plugin_detail {
const ncmlab::Manifest& manifest();
}

namespace ncmlab {
namespace {

namespace fs = std::filesystem;

const std::string kSource = "int add(int first, int second) { return first + second; }";

ModelContext context() {
  return {.rules = {.max_tokens = 32}, .head = {.hidden = 0}, .texts = {kSource}, .rng = Rng(7)};
}

std::shared_ptr<Model> unixcoder(Settings settings) {
  return std::dynamic_pointer_cast<Model>(
      ncmlab_plugin_detail::manifest().entries.front().create(settings));
}

Settings tiny() { return {{"preset", std::string("tiny")}, {"vocab_size", std::int64_t{300}}}; }

class UniXcoderTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() / ("ncmlab_unixcoder_test_" + std::to_string(::getpid()));
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }
  fs::path folder_;
};

TEST_F(UniXcoderTest, RowsBeginWithTheModeAndItsEnd) {
  const Victim victim = unixcoder(tiny())->build(context());
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
  const Victim victim = unixcoder(tiny())->build(shorter);
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
  Victim victim = unixcoder(tiny())->build(context());
  const TokenSample sample{.parts = {victim.tokenize(kSource)}};
  const auto scorer = [&](std::int64_t position) {
    CandidateScorer(victim, {{.sample = sample, .part = 0, .position = position}}, 1, {});
  };
  EXPECT_NO_THROW(scorer(3));
  EXPECT_THROW(scorer(2), Error);
  EXPECT_THROW(scorer(1), Error);
}

TEST_F(UniXcoderTest, ClassifiesByTheFirstTokenAndSearchesByTheMean) {
  const auto model = unixcoder(tiny());
  EXPECT_EQ(model->build(context()).encoder().shape().pooling, Pooling::cls);
  ModelContext search = context();
  search.head = HeadShape::for_search();
  EXPECT_EQ(model->build(search).encoder().shape().pooling, Pooling::mean);
}

TEST_F(UniXcoderTest, OpensWhatItSavedWithTheSameAnswers) {
  const auto model = unixcoder(tiny());
  Victim saved = model->build(context());
  saved.save(folder_ / "victim");
  Victim opened = model->open(folder_ / "victim", context());
  EXPECT_EQ(saved.tokenize(kSource).ids, opened.tokenize(kSource).ids);
  const TokenSample sample{.parts = {saved.tokenize(kSource)}};
  EXPECT_TRUE(torch::equal(saved.predict({sample}), opened.predict({sample})));
}

TEST_F(UniXcoderTest, PartsTooShortForThePrefixAreRefused) {
  ModelContext shorter = context();
  shorter.rules.part_max_tokens = {32, 4};
  try {
    (void)unixcoder(tiny())->build(shorter);
    FAIL() << "a part of four tokens was accepted, all of which the prefix takes";
  } catch (const Error& error) {
    EXPECT_EQ(error.diagnostics().front().code, "model.max-tokens");
  }
}

TEST_F(UniXcoderTest, ATokenizerWithoutTheModeIsRefused) {
  Tokenizer::train({kSource}, {.vocab_size = 280}).save(folder_ / "plain");
  Settings settings = tiny();
  settings["tokenizer"] = (folder_ / "plain").string();
  try {
    (void)unixcoder(settings)->build(context());
    FAIL() << "a tokenizer without <encoder-only> was accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.diagnostics().front().code, "tokenizer.no-mode");
  }
}

}  // namespace
}  // namespace ncmlab
