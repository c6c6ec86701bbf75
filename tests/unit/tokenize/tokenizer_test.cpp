// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/tokenize/tokenizer.hpp"

#include <gtest/gtest.h>

#include <thread>

#include "ncmlab/core/rng.hpp"
#include "tiny_tokenizer.hpp"
#include "tokenize/unicode.hpp"

namespace ncmlab {
namespace {

using Ids = std::vector<std::int64_t>;

std::string random_text(Rng& rng) {
  const std::vector<std::string> frequent = {"int ", "return", "x",  "  ",     "\n",
                                             "<s>",  "<mask>", "'s", "\u00E9", "\U0001F642"};
  std::string text;
  for (std::uint64_t i = rng.below(40); i > 0; --i) {
    char32_t value = static_cast<char32_t>(rng.below(0x110000));
    if (value >= 0xD800 && value <= 0xDFFF) {
      value = 0xFFFD;
    }
    if (rng.chance(0.5)) {
      text += rng.pick(frequent);
    } else {
      bpe::append_utf8(rng.chance(0.5) ? value : value % 128, text);
    }
  }
  return text;
}

Tokenizer trained(bool add_prefix_space) {
  BpeTrainingOptions options;
  options.vocab_size = 300;
  options.add_prefix_space = add_prefix_space;
  return Tokenizer::train({"int main(int argc) { return argc; }", "return x; return main;"},
                          options);
}

TEST(TokenizerTest, DecodeUndoesEncode) {
  const Tokenizer tokenizer = trained(false);
  Rng rng(1);
  for (int round = 0; round < 3000; ++round) {
    std::string text = random_text(rng);
    // White space before <mask> belongs to it and is not written back.
    for (std::size_t at = 0; (at = text.find("<mask>", at)) != std::string::npos;) {
      text.erase(at, 1);
    }
    ASSERT_EQ(tokenizer.decode(tokenizer.encode(text)), text) << ::testing::PrintToString(text);
  }
}

TEST(TokenizerTest, DecodeUndoesEncodeOfArbitraryBytes) {
  const Tokenizer tokenizer = trained(false);
  Rng rng(2);
  for (int round = 0; round < 3000; ++round) {
    std::string bytes;
    for (std::uint64_t i = rng.below(30); i > 0; --i) {
      bytes += static_cast<char>(rng.below(256));
    }
    ASSERT_EQ(tokenizer.decode(tokenizer.encode(bytes)), bytes);
  }
}

TEST(TokenizerTest, PrefixSpaceIsWhatDecodeAdds) {
  const Tokenizer tokenizer = trained(true);
  EXPECT_EQ(tokenizer.decode(tokenizer.encode("return x")), " return x");
  EXPECT_EQ(tokenizer.decode(tokenizer.encode(" return x")), " return x");
  EXPECT_EQ(tokenizer.encode(""), Ids{});
}

TEST(TokenizerTest, RangesTileTheText) {
  Rng rng(4);
  for (const bool prefix : {false, true}) {
    const Tokenizer tokenizer = trained(prefix);
    for (int round = 0; round < 2000; ++round) {
      const std::string text = random_text(rng);
      const Encoding encoding = tokenizer.encode_with_ranges(text);
      ASSERT_EQ(encoding.ids, tokenizer.encode(text));
      ASSERT_EQ(encoding.ids.size(), encoding.ranges.size());
      std::size_t covered = 0;
      for (std::size_t i = 0; i < encoding.ids.size(); ++i) {
        const ByteRange range = encoding.ranges[i];
        ASSERT_EQ(range.begin, covered);
        covered = range.end;
        const std::string bytes = text.substr(range.begin, range.size());
        const std::string token = tokenizer.decode({encoding.ids[i]});
        // Alike but for the blank put in front and the white space that <mask> takes.
        ASSERT_TRUE(bytes == token || " " + bytes == token ||
                    (encoding.ids[i] == tokenizer.special().mask && bytes.ends_with(token)))
            << bytes << " / " << token;
      }
      ASSERT_EQ(covered, text.size());
    }
  }
}

TEST(TokenizerTest, RangesPointIntoTheTextBeforeLowering) {
  nlohmann::json json = tiny_json({"\u00CC \u0129"});
  json["normalizer"] = {{"type", "Lowercase"}};
  const Tokenizer tokenizer = load(json);
  // U+0130 (two bytes) lowers to i and U+0307, whose bytes CC 87 are one token here.
  const Encoding encoding = tokenizer.encode_with_ranges("A\u0130;");
  EXPECT_EQ(encoding.ids, (Ids{'a', 'i', 256, ';'}));
  EXPECT_EQ(encoding.ranges, (std::vector<ByteRange>{{0, 1}, {1, 3}, {1, 3}, {3, 4}}));
}

TEST(TokenizerTest, CachedAnswersStayRight) {
  // More distinct pieces than the cache has places.
  const Tokenizer tokenizer = trained(false);
  std::string text;
  for (int i = 0; i < 60000; ++i) {
    text += " w";
    for (int rest = i; rest > 0; rest /= 26) {
      text += static_cast<char>('a' + rest % 26);
    }
  }
  const Ids first = tokenizer.encode(text);
  EXPECT_EQ(tokenizer.encode(text), first);
  EXPECT_EQ(tokenizer.encode_with_ranges(text).ids, first);
  EXPECT_EQ(tokenizer.decode(first), text);
}

TEST(TokenizerTest, ThreadsMayShareATokenizer) {
  const Tokenizer tokenizer = trained(false);
  Rng rng(9);
  std::vector<std::string> texts(400);
  std::vector<Ids> expected;
  for (std::string& text : texts) {
    text = random_text(rng);
    expected.push_back(trained(false).encode(text));
  }
  std::vector<int> wrong(4, 0);
  std::vector<std::thread> threads;
  for (int& count : wrong) {
    threads.emplace_back([&] {
      for (std::size_t i = 0; i < texts.size(); ++i) {
        count += tokenizer.encode(texts[i]) == expected[i] ? 0 : 1;
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(wrong, (std::vector<int>{0, 0, 0, 0}));
}

TEST(TokenizerTest, UnknownIdsAreErrorsAndHolesAreEmpty) {
  nlohmann::json json = tiny_json();
  json["model"]["vocab"]["far"] = 400;
  const Tokenizer tokenizer = load(json);
  EXPECT_EQ(tokenizer.vocab_size(), 401);
  EXPECT_EQ(tokenizer.token(400), "far");
  EXPECT_EQ(tokenizer.token(300), "");
  EXPECT_EQ(tokenizer.decode({'a', 300, 400}), "afar");
  EXPECT_EQ(error_of([&] { tokenizer.token(401); }).code, "tokenizer.unknown-id");
  EXPECT_EQ(error_of([&] { tokenizer.decode({-1}); }).code, "tokenizer.unknown-id");
  EXPECT_EQ(tokenizer.id_of("absent"), std::nullopt);
  EXPECT_EQ(tokenizer.special().mask, -1);
}

TEST(TokenizerTest, FingerprintFollowsEverythingThatDecidesIds) {
  const nlohmann::json json = tiny_json({"a b", "b c"});
  const std::string fingerprint = load(json).fingerprint();
  EXPECT_EQ(load(json).fingerprint(), fingerprint);
  nlohmann::json swapped = json;
  swapped["model"]["merges"] = {"b c", "a b"};
  EXPECT_NE(load(swapped).fingerprint(), fingerprint);
  nlohmann::json prefixed = json;
  prefixed["pre_tokenizer"]["add_prefix_space"] = true;
  EXPECT_NE(load(prefixed).fingerprint(), fingerprint);
  nlohmann::json lowered = json;
  lowered["normalizer"] = {{"type", "Lowercase"}};
  EXPECT_NE(load(lowered).fingerprint(), fingerprint);
  nlohmann::json longer = json;
  add_token(longer, "<x>");
  EXPECT_NE(load(longer).fingerprint(), fingerprint);
}

}  // namespace
}  // namespace ncmlab
