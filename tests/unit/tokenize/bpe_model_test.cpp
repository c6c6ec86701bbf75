// SPDX-License-Identifier: Apache-2.0
#include "tokenize/bpe_model.hpp"

#include <gtest/gtest.h>

#include "ncmlab/core/rng.hpp"
#include "tiny_tokenizer.hpp"

namespace ncmlab::bpe {
namespace {

using Ids = std::vector<std::int64_t>;

/// All bytes, and the merges a+b, ab+c, b+c, a+a, aa+aa in that order (ids 256 to 260).
BpeModel small_model() {
  Vocabulary vocabulary;
  for (int byte = 0; byte < 256; ++byte) {
    vocabulary.add(printable(static_cast<unsigned char>(byte)), byte);
  }
  for (const char* token : {"ab", "abc", "bc", "aa", "aaaa"}) {
    vocabulary.add(token, vocabulary.id_limit());
  }
  return BpeModel(
      std::move(vocabulary),
      {{'a', 'b', 256}, {256, 'c', 257}, {'b', 'c', 258}, {'a', 'a', 259}, {259, 259, 260}}, {});
}

/// The definition: join the leftmost pair of the lowest rank until there is none.
std::vector<std::int32_t> by_definition(const BpeModel& model, const std::string& piece) {
  std::vector<std::int32_t> ids(piece.begin(), piece.end());
  for (bool joined = true; joined;) {
    joined = false;
    for (const Merge& merge : model.merges()) {
      for (std::size_t i = 0; i + 1 < ids.size() && !joined; ++i) {
        if (ids[i] == merge.left && ids[i + 1] == merge.right) {
          ids[i] = static_cast<std::int32_t>(merge.joined);
          ids.erase(ids.begin() + static_cast<std::ptrdiff_t>(i) + 1);
          joined = true;
        }
      }
      if (joined) {
        break;
      }
    }
  }
  return ids;
}

TEST(BpeModelTest, ShortAndLongPiecesFollowTheDefinition) {
  const BpeModel model = small_model();
  Rng rng(5);
  std::vector<Symbol> symbols;
  for (int round = 0; round < 600; ++round) {
    std::string piece;
    for (std::uint64_t i = 1 + rng.below(round % 2 == 0 ? 20 : 200); i > 0; --i) {
      piece += "aaabbcd"[rng.below(7)];
    }
    model.encode(piece, symbols);
    std::vector<std::int32_t> ids;
    std::size_t covered = 0;
    for (const Symbol& symbol : symbols) {
      ids.push_back(symbol.id);
      ASSERT_EQ(symbol.begin, covered);
      covered = symbol.end;
    }
    ASSERT_EQ(covered, piece.size());
    ASSERT_EQ(ids, by_definition(model, piece)) << piece;
  }
}

TEST(BpeModelTest, MegabytesWithoutABreakTakeNoQuadraticTime) {
  const BpeModel model = small_model();
  std::vector<Symbol> symbols;
  model.encode(std::string(1 << 20, 'a'), symbols);
  EXPECT_EQ(symbols.size(), std::size_t{1} << 18);
}

TEST(BpeModelTest, OfEqualMergesTheLastCounts) {
  nlohmann::json json = tiny_json({"a b", "b c", "a b"});
  // a b has the rank 2 now, so b c comes first.
  EXPECT_EQ(load(json).encode("abc"), (Ids{'a', 257}));
}

TEST(BpeModelTest, BytesWithoutATokenBecomeUnknownOrNothing) {
  nlohmann::json json = tiny_json({"a b"});
  json["model"]["vocab"].erase("x");
  EXPECT_EQ(load(json).encode("axxb"), (Ids{256}));
  json["model"]["unk_token"] = "\u0100";  // the byte 0
  EXPECT_EQ(load(json).encode("axxb"), (Ids{'a', 0, 0, 'b'}));
  json["model"]["fuse_unk"] = true;
  EXPECT_EQ(load(json).encode("axxb"), (Ids{'a', 0, 'b'}));
  const Encoding encoding = load(json).encode_with_ranges("axxb");
  EXPECT_EQ(encoding.ranges, (std::vector<ByteRange>{{0, 1}, {1, 3}, {3, 4}}));
}

TEST(BpeModelTest, ByteFallbackSpellsHexadecimal) {
  nlohmann::json json = tiny_json();
  json["model"]["vocab"].erase("x");
  json["model"]["vocab"]["<0x78>"] = 'x';
  EXPECT_EQ(load(json).encode("axb"), (Ids{'a', 'b'}));
  json["model"]["byte_fallback"] = true;
  EXPECT_EQ(load(json).encode("axb"), (Ids{'a', 'x', 'b'}));
}

TEST(BpeModelTest, IgnoreMergesTakesWholePiecesFromTheVocabulary) {
  nlohmann::json json = tiny_json({"a b"});
  json["model"]["vocab"]["abab"] = 300;
  EXPECT_EQ(load(json).encode("abab"), (Ids{256, 256}));
  json["model"]["ignore_merges"] = true;
  EXPECT_EQ(load(json).encode("abab"), (Ids{300}));
  EXPECT_EQ(load(json).encode("ababab"), (Ids{256, 256, 256}));
}

TEST(BpeModelTest, PrefixAndSuffixMarkThePlaceInAPiece) {
  nlohmann::json json = tiny_json();
  json["model"]["vocab"]["b</w>"] = 256;
  json["model"]["vocab"]["ab</w>"] = 257;
  json["model"]["end_of_word_suffix"] = "</w>";
  json["model"]["merges"] = {"a b</w>"};
  EXPECT_EQ(load(json).encode("ab"), (Ids{257}));

  json = tiny_json();
  json["model"]["vocab"]["##b"] = 256;
  json["model"]["vocab"]["ab"] = 257;
  json["model"]["continuing_subword_prefix"] = "##";
  json["model"]["merges"] = {"a ##b"};
  EXPECT_EQ(load(json).encode("ab"), (Ids{257}));
  EXPECT_EQ(load(json).encode("bb"), (Ids{'b', 256}));
}

TEST(BpeModelTest, RejectsMissingUnknownTokenThatIsNeeded) {
  nlohmann::json json = tiny_json();
  json["model"]["unk_token"] = "<unk>";
  EXPECT_EQ(load(json).encode("x"), (Ids{'x'}));
  json["model"]["vocab"].erase("x");
  EXPECT_EQ(error_of([&] { load(json); }).code, "tokenizer.missing-token");
}

}  // namespace
}  // namespace ncmlab::bpe
