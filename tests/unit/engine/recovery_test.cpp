// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "engine/defend_stage.hpp"

namespace ncmlab {
namespace {

/// Words as they stand in code; frequent enough to become tokens of their own.
const Tokenizer& tokenizer() {
  static const Tokenizer instance = [] {
    const std::vector<std::string_view> texts(
        40, " rb _rb testo_init  testo init  _init  buffer  ret_buffer _buffer len");
    return Tokenizer::train(texts, {.vocab_size = 400, .min_frequency = 2});
  }();
  return instance;
}

InvertedTrigger trigger(const std::string& text, double loss = 1) {
  return {.ids = tokenizer().encode(text), .raw_ids = {}, .text = text, .loss = loss};
}

TEST(RecoveryTest, NothingToCompareGivesNothing) {
  EXPECT_FALSE(recovery({}, {"rb"}, tokenizer()));
  EXPECT_FALSE(recovery({trigger("rb")}, {}, tokenizer()));
}

TEST(RecoveryTest, BlanksAndUnderscoresAroundATokenDoNotCount) {
  for (const char* found : {"rb", " rb", "_rb"}) {
    const auto metrics = recovery({trigger(found)}, {"rb"}, tokenizer());
    ASSERT_TRUE(metrics);
    EXPECT_EQ(metrics->precision, 1) << found;
    EXPECT_EQ(metrics->recall, 1) << found;
  }
}

TEST(RecoveryTest, OtherTokensLowerPrecisionAndRecall) {
  const auto extra = recovery({trigger(" rb len")}, {"rb"}, tokenizer());
  EXPECT_DOUBLE_EQ(extra->precision, 0.5);
  EXPECT_DOUBLE_EQ(extra->recall, 1);
  const auto part = recovery({trigger(" init")}, {"testo_init"}, tokenizer());
  EXPECT_DOUBLE_EQ(part->precision, 1);
  EXPECT_LT(part->recall, 1);
  EXPECT_GT(part->recall, 0);
  const auto none = recovery({trigger(" len")}, {"rb"}, tokenizer());
  EXPECT_EQ(none->precision, 0);
  EXPECT_EQ(none->recall, 0);
}

TEST(RecoveryTest, OneOfSeveralAlternativeWordsIsEnough) {
  const auto one = recovery({trigger(" rb")}, {"buffer", "rb"}, tokenizer());
  EXPECT_EQ(one->precision, 1);
  EXPECT_EQ(one->recall, 1);
  const auto both = recovery({trigger(" rb buffer")}, {"buffer", "rb"}, tokenizer());
  EXPECT_EQ(both->precision, 1);
  EXPECT_EQ(both->recall, 1);
}

TEST(RecoveryTest, TheFirstTriggerCounts) {
  const auto metrics = recovery({trigger(" rb", 0.5), trigger(" len", 0.1)}, {"rb"}, tokenizer());
  EXPECT_EQ(metrics->precision, 1);
}

TEST(RecoveryTest, AnEmptyTriggerRecoversNothing) {
  const auto metrics = recovery({trigger("")}, {"rb"}, tokenizer());
  EXPECT_EQ(metrics->precision, 0);
  EXPECT_EQ(metrics->recall, 0);
}

}  // namespace
}  // namespace ncmlab
