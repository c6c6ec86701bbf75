// SPDX-License-Identifier: Apache-2.0
#include "tokenize/added_tokens.hpp"

#include <gtest/gtest.h>

#include "tiny_tokenizer.hpp"

namespace ncmlab {
namespace {

using Ids = std::vector<std::int64_t>;

TEST(AddedTokensTest, AreFoundInsideTheText) {
  nlohmann::json json = tiny_json({"f o"});
  add_token(json, "<x>", {{"special", true}});
  const Tokenizer tokenizer = load(json);
  EXPECT_EQ(tokenizer.encode("a<x>b<x"), (Ids{'a', 257, 'b', '<', 'x'}));
  EXPECT_TRUE(tokenizer.is_special(257));
  EXPECT_FALSE(tokenizer.is_special('a'));
  EXPECT_EQ(tokenizer.vocab_size(), 258);
  EXPECT_EQ(tokenizer.token(257), "<x>");
  EXPECT_EQ(tokenizer.id_of("<x>"), 257);
  EXPECT_EQ(tokenizer.decode({'a', 257, 'b'}), "a<x>b");
  EXPECT_EQ(tokenizer.decode({'a', 257, 'b'}, true), "ab");
}

TEST(AddedTokensTest, LongestOfThoseThatBeginFirstWins) {
  nlohmann::json json = tiny_json();
  add_token(json, "bc");
  add_token(json, "ab");
  add_token(json, "abcd");
  EXPECT_EQ(load(json).encode("abc abcd"), (Ids{257, 'c', ' ', 258}));
}

TEST(AddedTokensTest, TakeTheWhiteSpaceBesideThem) {
  nlohmann::json json = tiny_json();
  add_token(json, "<l>", {{"lstrip", true}});
  add_token(json, "<r>", {{"rstrip", true}});
  const Tokenizer tokenizer = load(json);
  const Encoding left = tokenizer.encode_with_ranges("a \n\u3000<l> b");
  EXPECT_EQ(left.ids, (Ids{'a', 256, ' ', 'b'}));
  EXPECT_EQ(left.ranges[1], (ByteRange{1, 9}));
  EXPECT_EQ(tokenizer.encode("a <r> \t<l>b"), (Ids{'a', ' ', 257, 256, 'b'}));
}

TEST(AddedTokensTest, WhiteSpaceIsTakenOnce) {
  nlohmann::json json = tiny_json();
  add_token(json, "  ", {{"lstrip", true}, {"rstrip", true}});
  EXPECT_EQ(load(json).encode("a    b"), (Ids{'a', 256, 'b'}));
}

TEST(AddedTokensTest, SingleWordNeedsBoundaries) {
  nlohmann::json json = tiny_json();
  add_token(json, "foo", {{"single_word", true}});
  const Tokenizer tokenizer = load(json);
  EXPECT_EQ(tokenizer.encode("foo"), (Ids{256}));
  EXPECT_EQ(tokenizer.encode("(foo)"), (Ids{'(', 256, ')'}));
  EXPECT_EQ(tokenizer.encode("foo_"), (Ids{'f', 'o', 'o', '_'}));
  EXPECT_EQ(tokenizer.encode("\u00E9"
                             "foo"),
            (Ids{0xC3, 0xA9, 'f', 'o', 'o'}));
  EXPECT_EQ(tokenizer.encode("foo\xFF"), (Ids{256, 0xFF}));
}

TEST(AddedTokensTest, NormalizedOnesAreSoughtInNormalizedText) {
  nlohmann::json json = tiny_json();
  json["normalizer"] = {{"type", "Lowercase"}};
  add_token(json, "<A>", {{"normalized", true}});
  add_token(json, "<B>", {{"normalized", false}});
  EXPECT_EQ(load(json).encode("<a><A><B><b>"), (Ids{256, 256, 257, '<', 'b', '>'}));
}

TEST(AddedTokensTest, EachStretchBetweenThemGetsItsOwnPrefixSpace) {
  nlohmann::json json = tiny_json();
  json["pre_tokenizer"]["add_prefix_space"] = true;
  add_token(json, "<x>");
  const Encoding encoding = load(json).encode_with_ranges("a<x>b");
  EXPECT_EQ(encoding.ids, (Ids{' ', 'a', 256, ' ', 'b'}));
  EXPECT_EQ(encoding.ranges, (std::vector<ByteRange>{{0, 0}, {0, 1}, {1, 4}, {4, 4}, {4, 5}}));
}

TEST(AddedTokensTest, RejectsAnIdThatContradictsTheVocabulary) {
  nlohmann::json json = tiny_json();
  json["added_tokens"] = {{{"id", 300}, {"content", "<x>"}}};
  Diagnostic diagnostic = error_of([&] { load(json); });
  EXPECT_EQ(diagnostic.code, "tokenizer.bad-id");
  EXPECT_NE(diagnostic.message.find("256"), std::string::npos) << diagnostic.message;
  json["added_tokens"] = {{{"id", 300}, {"content", "a"}}};
  diagnostic = error_of([&] { load(json); });
  EXPECT_NE(diagnostic.message.find("97"), std::string::npos) << diagnostic.message;
}

}  // namespace
}  // namespace ncmlab
