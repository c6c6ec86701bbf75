// SPDX-License-Identifier: Apache-2.0
#include "tokenize/normalizer.hpp"

#include <gtest/gtest.h>

#include "ncmlab/core/rng.hpp"
#include "tokenize/unicode.hpp"

namespace ncmlab::bpe {
namespace {

std::string normalized(const std::string& text, NormalizerStep step) {
  return normalize(text, {step}, false).text;
}

std::vector<ByteRange> sources(const std::string& text, NormalizerStep step) {
  return normalize(text, {step}, true).sources;
}

TEST(NormalizerTest, NamesOfStepsGoBothWays) {
  for (const auto step : {NormalizerStep::lowercase, NormalizerStep::nfc, NormalizerStep::nfd,
                          NormalizerStep::nfkc, NormalizerStep::nfkd}) {
    EXPECT_EQ(from_string<NormalizerStep>(to_string(step)), step);
  }
  EXPECT_EQ(from_string<NormalizerStep>("lowercase"), std::nullopt);
}

TEST(NormalizerTest, ComposesAndDecomposes) {
  EXPECT_EQ(normalized("cafe\u0301!", NormalizerStep::nfc), "caf\u00E9!");
  EXPECT_EQ(normalized("caf\u00E9!", NormalizerStep::nfd), "cafe\u0301!");
  EXPECT_EQ(normalized("\u1100\u1161\u11A8", NormalizerStep::nfc), "\uAC01");
  EXPECT_EQ(normalized("\uAC01", NormalizerStep::nfd), "\u1100\u1161\u11A8");
  EXPECT_EQ(normalized("\u212B \u0344", NormalizerStep::nfc), "\u00C5 \u0308\u0301");
  EXPECT_EQ(normalized("\u0958", NormalizerStep::nfc),
            "\u0915\u093C");  // excluded from composition
}

TEST(NormalizerTest, OrdersMarksByTheirClass) {
  EXPECT_EQ(normalized("a\u0301\u0327", NormalizerStep::nfd), "a\u0327\u0301");
  EXPECT_EQ(normalized("a\u0301\u0327", NormalizerStep::nfc), "\u00E1\u0327");
}

TEST(NormalizerTest, CompatibilityFormsAlsoComposeAcrossCharacters) {
  EXPECT_EQ(normalized("\uFB01\u2460\u2163", NormalizerStep::nfkc), "fi1IV");
  EXPECT_EQ(normalized("\u3131\u314F", NormalizerStep::nfkc), "\uAC00");
  EXPECT_EQ(normalized("\uFF76\uFF9E", NormalizerStep::nfkc), "\u30AC");
  EXPECT_EQ(normalized("\uFB01", NormalizerStep::nfc), "\uFB01");
  EXPECT_EQ(normalized("\uFF76\uFF9E", NormalizerStep::nfkd), "\u30AB\u3099");
}

TEST(NormalizerTest, AppliesStepsInOrder) {
  EXPECT_EQ(
      normalize("\u2163\u00C9", {NormalizerStep::nfkd, NormalizerStep::lowercase}, false).text,
      "ive\u0301");
  EXPECT_EQ(normalize("A", {}, true).sources, (std::vector<ByteRange>{{0, 1}}));
}

TEST(NormalizerTest, SourcesFollowChangesOfLength) {
  // U+0130 has two bytes, its lower case three.
  EXPECT_EQ(sources("a\u0130b", NormalizerStep::lowercase),
            (std::vector<ByteRange>{{0, 1}, {1, 3}, {1, 3}, {1, 3}, {3, 4}}));
  EXPECT_EQ(sources("xe\u0301", NormalizerStep::nfc),
            (std::vector<ByteRange>{{0, 1}, {1, 4}, {1, 4}}));
  EXPECT_EQ(sources("\uFB01", NormalizerStep::nfkc), (std::vector<ByteRange>{{0, 3}, {0, 3}}));
  // Same length: byte by byte.
  EXPECT_EQ(sources("\u00C9", NormalizerStep::lowercase), (std::vector<ByteRange>{{0, 1}, {1, 2}}));
}

TEST(NormalizerTest, KeepsWhatIsNewerThanTheReferenceTables) {
  for (const std::string text : {"\u32FF", "\uA7F2", "\uAB69", "\U000107B6", "\U0001FBF0"}) {
    EXPECT_EQ(normalized(text, NormalizerStep::nfkc), text);
    EXPECT_EQ(normalized(text, NormalizerStep::nfkd), text);
  }
  EXPECT_EQ(normalized("\u32FE", NormalizerStep::nfkc), "\u30F2");
}

TEST(NormalizerTest, KeepsBrokenUtf8) {
  const std::string text =
      "A\xC3"
      "e\xFF\u0301\x80";
  EXPECT_EQ(normalized(text, NormalizerStep::lowercase),
            "a\xC3"
            "e\xFF\u0301\x80");
  EXPECT_EQ(normalized(text, NormalizerStep::nfc), text);
  EXPECT_EQ(sources(text, NormalizerStep::nfc).size(), text.size());
}

TEST(NormalizerTest, FormsAreStableOnRandomText) {
  Rng rng(3);
  for (int round = 0; round < 3000; ++round) {
    std::string text;
    for (int i = 0; i < 12; ++i) {
      const char32_t bases[] = {0x20, 0xC0, 0x300, 0x1100, 0x1160, 0x11A8, 0xAC00, 0x900, 0xFB00};
      append_utf8(bases[rng.below(9)] + static_cast<char32_t>(rng.below(80)), text);
    }
    for (const auto form :
         {NormalizerStep::nfc, NormalizerStep::nfd, NormalizerStep::nfkc, NormalizerStep::nfkd}) {
      const NormalizedText once = normalize(text, {form}, true);
      ASSERT_EQ(normalized(once.text, form), once.text) << ::testing::PrintToString(text);
      ASSERT_EQ(once.sources.size(), once.text.size());
      for (const ByteRange& source : once.sources) {
        ASSERT_LT(source.begin, source.end);
        ASSERT_LE(source.end, text.size());
      }
    }
    // Composing what was decomposed gives the composed form.
    ASSERT_EQ(normalized(normalized(text, NormalizerStep::nfd), NormalizerStep::nfc),
              normalized(text, NormalizerStep::nfc));
  }
}

}  // namespace
}  // namespace ncmlab::bpe
