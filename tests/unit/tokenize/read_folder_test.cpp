// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "tiny_tokenizer.hpp"

namespace ncmlab {
namespace {

using Ids = std::vector<std::int64_t>;
using nlohmann::json;

TEST(ReadFolderTest, ReadsVocabularyAndMerges) {
  EXPECT_EQ(Tokenizer::from_folder(TwoFiles("#version: 0.2\na b\nab c\n").path()).encode("abcab"),
            (Ids{257, 256}));
  EXPECT_EQ(Tokenizer::from_folder(TwoFiles("a b\r\nab c\r\n\r\n").path()).encode("abcab"),
            (Ids{257, 256}));
  EXPECT_EQ(Tokenizer::from_folder(TwoFiles("a b\nab c").path()).encode("abcab"), (Ids{257, 256}));
}

TEST(ReadFolderTest, ReadsMergesOfOtherEditors) {
  const std::string mark = "\xEF\xBB\xBF";
  for (const std::string& merges :
       {mark + "#version: 0.2\na b\nab c\n", mark + "a b\nab c\n", mark + "a b\r\nab c\r\n",
        std::string("#version: 0.2\ra b\rab c\r"), std::string("a b \nab\tc\n \n\n")}) {
    EXPECT_EQ(Tokenizer::from_folder(TwoFiles(merges).path()).encode("abcab"), (Ids{257, 256}))
        << merges;
  }
}

TEST(ReadFolderTest, PointsAtTheLineOfABadMerge) {
  for (const auto& [line, code] :
       std::vector<std::pair<std::string, std::string>>{{"ab", "tokenizer.bad-merge"},
                                                        {"a b c", "tokenizer.bad-merge"},
                                                        {"", "tokenizer.bad-merge"},
                                                        {"a x", "tokenizer.missing-token"},
                                                        {"\xFF b", "tokenizer.missing-token"}}) {
    const TwoFiles folder("#version: 0.2\na b\n" + line + "\nab c\n");
    const Diagnostic diagnostic = error_of([&] { Tokenizer::from_folder(folder.path()); });
    EXPECT_EQ(diagnostic.code, code) << line;
    ASSERT_TRUE(diagnostic.span);
    EXPECT_EQ(diagnostic.span->line, 3);
    EXPECT_EQ(diagnostic.span->file, (folder / "merges.txt").string());
    EXPECT_FALSE(to_json(diagnostic).empty());
  }
}

TEST(ReadFolderTest, SaysWhichFileIsMissing) {
  const TwoFiles folder("a b\n");
  std::filesystem::remove(folder / "merges.txt");
  const Diagnostic diagnostic = error_of([&] { Tokenizer::from_folder(folder.path()); });
  EXPECT_EQ(diagnostic.code, "tokenizer.missing-file");
  EXPECT_NE(diagnostic.message.find("merges.txt"), std::string::npos);
}

TEST(ReadFolderTest, TakesNamesAndFlagsFromTheSmallFiles) {
  const TwoFiles folder("a b\nab c\n");
  folder.write("tokenizer_config.json",
               R"({"add_prefix_space": true, "bos_token": "a",
                 "mask_token": {"content": "<m>", "rstrip": true}})");
  folder.write("special_tokens_map.json",
               R"({"pad_token": "<p>", "additional_special_tokens": ["<z>"]})");
  folder.write("added_tokens.json", R"({"<n>": 258})");
  const Tokenizer tokenizer = Tokenizer::from_folder(folder.path());
  EXPECT_EQ(tokenizer.special().bos, 'a');
  EXPECT_EQ(tokenizer.special().eos, -1);
  EXPECT_EQ(tokenizer.special().pad, 259);
  EXPECT_EQ(tokenizer.special().mask, 260);
  EXPECT_EQ(tokenizer.id_of("<z>"), 261);
  EXPECT_TRUE(tokenizer.is_special(261));
  EXPECT_FALSE(tokenizer.is_special(258));
  EXPECT_EQ(tokenizer.encode(" x<m>  b<n>"), (Ids{' ', 'x', 260, ' ', 'b', 258}));
  EXPECT_EQ(Tokenizer::from_folder(folder.path(), false).encode("b"), (Ids{'b'}));
}

TEST(ReadFolderTest, AddedTokensDecoderGivesFlagsById) {
  const TwoFiles folder("a b\n");
  folder.write("tokenizer_config.json",
               R"({"added_tokens_decoder": {"258": {"content": "<n>", "lstrip": true,
                 "special": true}}})");
  const Tokenizer tokenizer = Tokenizer::from_folder(folder.path());
  EXPECT_EQ(tokenizer.encode("x  <n>"), (Ids{'x', 258}));
  EXPECT_TRUE(tokenizer.is_special(258));
  folder.write("tokenizer_config.json", R"({"added_tokens_decoder": {"270": {"content": "<n>"}}})");
  EXPECT_EQ(error_of([&] { Tokenizer::from_folder(folder.path()); }).code, "tokenizer.bad-id");
}

/// A folder whose vocabulary ends with RoBERTa's special tokens, ids 258 to 262.
class WithSpecialTokens : public ScratchFolder {
 public:
  WithSpecialTokens() {
    json vocabulary = tiny_json({"a b", "ab c"})["model"]["vocab"];
    for (const char* token : {"<s>", "<pad>", "</s>", "<unk>", "<mask>"}) {
      vocabulary.emplace(token, vocabulary.size());
    }
    write("vocab.json", vocabulary.dump());
    write("merges.txt", "a b\nab c\n");
  }
  Ids encode(const std::string& text) const { return Tokenizer::from_folder(path()).encode(text); }
};

// The ids of RobertaTokenizerFast of transformers 4.46.3 for such files.
TEST(ReadFolderTest, RolesThatNoFileNamesKeepTheirDefaults) {
  const std::string text = "<s><pad></s><unk> <mask>";
  const Ids all = {258, 259, 260, 261, 262};
  for (const char* map :
       {R"({})", R"({"bos_token": "<s>"})", R"({"mask_token": "<mask>"})",
        R"({"mask_token": {"content": "<mask>", "lstrip": true}})", R"({"bos_token": null})"}) {
    const WithSpecialTokens folder;
    folder.write("special_tokens_map.json", map);
    EXPECT_EQ(folder.encode(text), all) << map;
    std::filesystem::rename(folder / "special_tokens_map.json", folder / "tokenizer_config.json");
    EXPECT_EQ(folder.encode(text), all) << map;
  }
}

TEST(ReadFolderTest, NamedRolesReplaceTheirDefaults) {
  const WithSpecialTokens folder;
  folder.write("special_tokens_map.json",
               R"({"pad_token": "<p>", "unk_token": null, "additional_special_tokens": ["<z>"]})");
  EXPECT_EQ(folder.encode("<s></s><p><z> <mask>"), (Ids{258, 260, 263, 264, 262}));
  EXPECT_EQ(folder.encode("<pad>").size(), 5u);
  EXPECT_EQ(folder.encode("<unk>").size(), 5u);
  EXPECT_EQ(Tokenizer::from_folder(folder.path()).special().pad, 263);
  folder.write("special_tokens_map.json", R"({"mask_token": {"content": "<mask>"}})");
  EXPECT_EQ(folder.encode(" <mask>"), (Ids{' ', 262}));
}

TEST(ReadFolderTest, ATableOfAddedTokensReplacesTheOlderFiles) {
  const WithSpecialTokens folder;
  folder.write("tokenizer_config.json",
               R"({"added_tokens_decoder": {"263": {"content": "<n>"},
                 "262": {"content": "<mask>", "lstrip": false, "special": true}}})");
  folder.write("special_tokens_map.json", R"({"pad_token": "<p>"})");
  folder.write("added_tokens.json", R"({"<o>": 999})");
  EXPECT_EQ(folder.encode("<pad><n> <mask>"), (Ids{259, 263, 262}));
  EXPECT_EQ(folder.encode("<p>").size(), 3u);
}

TEST(ReadFolderTest, TheClassDecidesTheDefaults) {
  const WithSpecialTokens folder;
  folder.write("tokenizer_config.json", R"({"tokenizer_class": "GPT2Tokenizer"})");
  EXPECT_EQ(folder.encode("<pad>").size(), 5u);
}

}  // namespace
}  // namespace ncmlab
