// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <fstream>

#include "ncmlab/core/rng.hpp"
#include "tiny_tokenizer.hpp"

namespace ncmlab {
namespace {

using Ids = std::vector<std::int64_t>;
using nlohmann::json;

TEST(ReadTokenizerJsonTest, TakesMergesAsStringsOrPairs) {
  json object = tiny_json({"a b", "ab c"});
  EXPECT_EQ(load(object).encode("abcab"), (Ids{257, 256}));
  object["model"]["merges"] = json::parse(R"([["a", "b"], ["ab", "c"]])");
  EXPECT_EQ(load(object).encode("abcab"), (Ids{257, 256}));
  object["model"].erase("type");
  EXPECT_EQ(load(object).encode("abcab"), (Ids{257, 256}));
}

TEST(ReadTokenizerJsonTest, OverridesPrefixSpaceOnRequest) {
  const ScratchFolder folder;
  const auto file = folder.write("t.json", tiny_json().dump());
  EXPECT_EQ(Tokenizer::from_file(file).encode("a"), (Ids{'a'}));
  EXPECT_EQ(Tokenizer::from_file(file, true).encode("a"), (Ids{' ', 'a'}));
}

TEST(ReadTokenizerJsonTest, PrefixSpaceAndExpressionHaveTheirDefaults) {
  json object = tiny_json({"\u0120 \u0120"});
  object["pre_tokenizer"] = {{"type", "Sequence"}, {"pretokenizers", {{{"type", "ByteLevel"}}}}};
  EXPECT_EQ(load(object).encode("a  b"), (Ids{' ', 'a', ' ', ' ', 'b'}));
  object["pre_tokenizer"] = {
      {"type", "ByteLevel"}, {"use_regex", false}, {"add_prefix_space", false}};
  EXPECT_EQ(load(object).encode("a  b"), (Ids{'a', 256, 'b'}));
}

TEST(ReadTokenizerJsonTest, NamesComponentsItDoesNotKnow) {
  const auto expect_unsupported = [](const json& object, const std::string& name) {
    const Diagnostic diagnostic = error_of([&] { load(object); });
    EXPECT_EQ(diagnostic.code, "tokenizer.unsupported");
    EXPECT_NE(diagnostic.message.find(name), std::string::npos) << diagnostic.message;
    ASSERT_TRUE(diagnostic.span);
    EXPECT_NE(diagnostic.span->source_line.find(name), std::string::npos)
        << diagnostic.span->line << ": " << diagnostic.span->source_line;
  };
  json object = tiny_json();
  object["normalizer"] = {{"type", "Sequence"},
                          {"normalizers", {{{"type", "NFC"}}, {{"type", "StripAccents"}}}}};
  expect_unsupported(object, "StripAccents");
  object = tiny_json();
  object["pre_tokenizer"]["type"] = "Metaspace";
  expect_unsupported(object, "Metaspace");
  object = tiny_json();
  object["decoder"]["type"] = "WordPiece";
  expect_unsupported(object, "WordPiece");
  object = tiny_json();
  object["model"]["type"] = "Unigram";
  expect_unsupported(object, "Unigram");
  object = tiny_json();
  object["model"]["dropout"] = 0.1;
  expect_unsupported(object, "dropout");
  object["model"]["dropout"] = 0.0;
  EXPECT_EQ(load(object).encode("a"), (Ids{'a'}));
}

TEST(ReadTokenizerJsonTest, PointsAtWrongFields) {
  const auto expect_error = [](const json& object, const std::string& code,
                               const std::string& text) {
    const Diagnostic diagnostic = error_of([&] { load(object); });
    EXPECT_EQ(diagnostic.code, code) << diagnostic.message;
    ASSERT_TRUE(diagnostic.span);
    EXPECT_NE(diagnostic.span->source_line.find(text), std::string::npos)
        << diagnostic.span->line << ": " << diagnostic.span->source_line;
  };
  json object = tiny_json({"a b"});
  object["model"]["vocab"]["ab"] = "many";
  expect_error(object, "tokenizer.bad-id", "\"ab\": \"many\"");
  object["model"]["vocab"]["ab"] = -1;
  expect_error(object, "tokenizer.bad-id", "\"ab\": -1");
  object["model"]["vocab"]["ab"] = 1000000000000;
  expect_error(object, "tokenizer.bad-id", "\"ab\": 1000000000000");
  object["model"]["vocab"]["ab"] = 18446744073709551615u;
  expect_error(object, "tokenizer.bad-id", "\"ab\": 18446744073709551615");
  object["model"]["vocab"]["ab"] = 'b';
  expect_error(object, "tokenizer.bad-id", ": 98");
  object["model"]["vocab"].erase("ab");
  expect_error(object, "tokenizer.missing-token", "\"a b\"");
  object["model"]["merges"] = json::parse(R"([["a", "b", "c"]])");
  expect_error(object, "tokenizer.bad-merge", "[");
  object["model"]["merges"] = {"a  b"};
  expect_error(object, "tokenizer.bad-merge", "a  b");
  object["model"]["merges"] = 3;
  expect_error(object, "tokenizer.bad-field", "\"merges\": 3");
  object = tiny_json();
  object["model"]["fuse_unk"] = "yes";
  expect_error(object, "tokenizer.bad-field", "\"fuse_unk\": \"yes\"");
  object = tiny_json();
  object["model"].erase("vocab");
  expect_error(object, "tokenizer.missing-field", "\"model\": {");
  object = tiny_json();
  object["added_tokens"] = {{{"id", 256}, {"content", 7}}};
  expect_error(object, "tokenizer.bad-field", "\"content\": 7");
}

TEST(ReadTokenizerJsonTest, SaysWhereJsonIsBroken) {
  const ScratchFolder folder;
  const auto file = folder.write("t.json", "{\n  \"model\": tru\n}");
  const Diagnostic diagnostic = error_of([&] { Tokenizer::from_file(file); });
  EXPECT_EQ(diagnostic.code, "tokenizer.bad-json");
  ASSERT_TRUE(diagnostic.span);
  EXPECT_EQ(diagnostic.span->line, 2);
}

TEST(ReadTokenizerJsonTest, RejectsDuplicateKeysAndDeepNesting) {
  const ScratchFolder folder;
  const Diagnostic twice = error_of([&] {
    Tokenizer::from_file(folder.write("t.json", "{\"model\": {\n\"a\": 1,\n \"a\": 2}}"));
  });
  EXPECT_EQ(twice.code, "tokenizer.bad-json");
  EXPECT_EQ(twice.span->line, 3);
  EXPECT_EQ(twice.span->column, 2);
  const std::string deep = "{\"x\": " + std::string(1 << 20, '[');
  EXPECT_EQ(error_of([&] { Tokenizer::from_file(folder.write("d.json", deep)); }).code,
            "tokenizer.bad-json");
  EXPECT_EQ(error_of([&] { Tokenizer::from_file(folder.write("n.json", "[1]")); }).code,
            "tokenizer.bad-json");
  EXPECT_EQ(error_of([&] { Tokenizer::from_file(folder / "absent.json"); }).code, "io.read");
}

/// Either a tokenizer comes out or an Error; nothing else.
template <typename Load>
int failures_under_damage(const std::filesystem::path& file, const std::string& original,
                          const Load& load_again) {
  Rng rng(17);
  int failures = 0;
  for (int round = 0; round < 400; ++round) {
    std::string damaged = original;
    if (round % 2 == 0) {
      damaged.resize(rng.below(original.size()));
    } else {
      for (std::uint64_t i = 1 + rng.below(4); i > 0; --i) {
        damaged[rng.below(damaged.size())] = "\"{}[],:0919-eE \\\n\xC3\x80\0"[rng.below(20)];
      }
    }
    std::ofstream(file, std::ios::binary) << damaged;
    try {
      EXPECT_LT(load_again().encode("abc <mask>").size(), 100u);
    } catch (const Error& error) {
      ++failures;
      EXPECT_FALSE(error.diagnostics().front().message.empty());
      EXPECT_FALSE(render(error.diagnostics().front()).empty());
    }
  }
  return failures;
}

TEST(ReadFuzzTest, DamagedTokenizerJson) {
  json object = tiny_json({"a b", "ab c"});
  object["normalizer"] = {{"type", "Lowercase"}};
  add_token(object, "<mask>", {{"lstrip", true}});
  const ScratchFolder folder;
  const auto file = folder / "tokenizer.json";
  EXPECT_GT(failures_under_damage(file, object.dump(), [&] { return Tokenizer::from_file(file); }),
            200);
}

TEST(ReadFuzzTest, DamagedVocabularyAndMerges) {
  const std::string merges = "#version: 0.2\na b\nab c\n";
  const TwoFiles folder(merges);
  const auto again = [&] { return Tokenizer::from_folder(folder.path()); };
  const std::string vocabulary = tiny_json({"a b", "ab c"})["model"]["vocab"].dump();
  EXPECT_GT(failures_under_damage(folder / "vocab.json", vocabulary, again), 200);
  folder.write("vocab.json", vocabulary);
  EXPECT_GT(failures_under_damage(folder / "merges.txt", merges, again), 50);
}

}  // namespace
}  // namespace ncmlab
