// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "ncmlab/core/files.hpp"
#include "ncmlab/core/rng.hpp"
#include "tiny_tokenizer.hpp"
#include "tokenize/pre_tokenizer.hpp"

namespace ncmlab {
namespace {

std::vector<std::string_view> views(const std::vector<std::string>& texts) {
  return {texts.begin(), texts.end()};
}

std::vector<std::string> random_texts(std::uint64_t seed) {
  Rng rng(seed);
  const std::vector<std::string> words = {"buffer", "buf",   "offset", "off",    "set",
                                          "size",   "sized", "<s>",    "<mask>", "\u00E9t\u00E9"};
  std::vector<std::string> texts;
  for (int i = 0; i < 30; ++i) {
    std::string text;
    for (int k = 0; k < 12; ++k) {
      text += rng.pick(words) + (rng.chance(0.5) ? " " : "_");
    }
    texts.push_back(text);
  }
  return texts;
}

/// The learnt tokens by the definition: count all pairs anew before each merge.
std::vector<std::string> merged_by_definition(const std::vector<std::string>& texts,
                                              std::size_t merges, std::int64_t min_frequency) {
  std::vector<std::vector<std::string>> words;
  for (const std::string& text : texts) {
    for (std::size_t begin = 0; begin < text.size();) {
      const std::size_t end = bpe::piece_end(text, begin);
      words.emplace_back();
      for (; begin < end; ++begin) {
        words.back().push_back(text.substr(begin, 1));
      }
    }
  }
  std::vector<std::string> learnt;
  while (learnt.size() < merges) {
    std::map<std::pair<std::string, std::string>, std::int64_t> counts;
    for (const auto& word : words) {
      for (std::size_t i = 0; i + 1 < word.size(); ++i) {
        ++counts[{word[i], word[i + 1]}];
      }
    }
    std::erase_if(counts, [](const auto& entry) {
      const std::string joined = entry.first.first + entry.first.second;
      return joined == "<s>" || joined == "<mask>";
    });
    // std::map is in byte order and max_element takes the first of equals.
    const auto best =
        std::max_element(counts.begin(), counts.end(),
                         [](const auto& a, const auto& b) { return a.second < b.second; });
    if (best == counts.end() || best->second < min_frequency) {
      break;
    }
    const auto [left, right] = best->first;
    for (auto& word : words) {
      for (std::size_t i = 0; i + 1 < word.size(); ++i) {
        if (word[i] == left && word[i + 1] == right) {
          word[i] += right;
          word.erase(word.begin() + static_cast<std::ptrdiff_t>(i) + 1);
        }
      }
    }
    const std::string joined = bpe::to_printable(left + right);
    if (std::find(learnt.begin(), learnt.end(), joined) == learnt.end()) {
      learnt.push_back(joined);
    }
  }
  return learnt;
}

TEST(TrainBpeTest, LearnsThePairsThatTheDefinitionTakes) {
  for (std::uint64_t seed = 0; seed < 8; ++seed) {
    const auto texts = random_texts(seed);
    BpeTrainingOptions options;
    options.vocab_size = 261 + 60;
    options.min_frequency = 3;
    const Tokenizer tokenizer = Tokenizer::train(views(texts), options);
    std::vector<std::string> learnt;
    for (std::int64_t id = 260; id + 1 < tokenizer.vocab_size(); ++id) {
      learnt.push_back(tokenizer.token(id));
    }
    EXPECT_EQ(learnt, merged_by_definition(texts, 60, 3)) << "seed " << seed;
  }
}

TEST(TrainBpeTest, PlacesSpecialTokensAsRobertaDoes) {
  const Tokenizer tokenizer = Tokenizer::train({"aa aa aa"}, {});
  EXPECT_EQ(tokenizer.special().bos, 0);
  EXPECT_EQ(tokenizer.special().pad, 1);
  EXPECT_EQ(tokenizer.special().eos, 2);
  EXPECT_EQ(tokenizer.special().unk, 3);
  EXPECT_EQ(tokenizer.special().mask, tokenizer.vocab_size() - 1);
  EXPECT_EQ(tokenizer.token(4), "!");
  EXPECT_EQ(tokenizer.vocab_size(), 261 + 2);  // "aa" and " aa" are all there is to learn
  EXPECT_EQ(tokenizer.encode("<s>aa <mask>"), (std::vector<std::int64_t>{0, 260, 262}));
}

TEST(TrainBpeTest, VocabSizeIsNeverExceeded) {
  for (const std::int64_t size : {261, 262, 280}) {
    BpeTrainingOptions options;
    options.vocab_size = size;
    EXPECT_EQ(Tokenizer::train(views(random_texts(1)), options).vocab_size(), size);
  }
}

TEST(TrainBpeTest, OrderOfTextsDoesNotMatter) {
  auto texts = random_texts(2);
  const std::string fingerprint = Tokenizer::train(views(texts), {}).fingerprint();
  std::reverse(texts.begin(), texts.end());
  EXPECT_EQ(Tokenizer::train(views(texts), {}).fingerprint(), fingerprint);
  EXPECT_NE(Tokenizer::train(views(random_texts(3)), {}).fingerprint(), fingerprint);
}

TEST(TrainBpeTest, TrainsOnNothing) {
  EXPECT_EQ(Tokenizer::train({}, {}).vocab_size(), 261);
  EXPECT_EQ(Tokenizer::train({""}, {}).vocab_size(), 261);
}

TEST(TrainBpeTest, RejectsImpossibleOptions) {
  BpeTrainingOptions options;
  options.vocab_size = 260;
  EXPECT_EQ(error_of([&] { Tokenizer::train({"a"}, options); }).code, "tokenizer.bad-option");
  options = {};
  options.min_frequency = 0;
  EXPECT_EQ(error_of([&] { Tokenizer::train({"a"}, options); }).code, "tokenizer.bad-option");
}

TEST(WriteFolderTest, BothFormsReadBackToEqualIds) {
  const auto texts = random_texts(5);
  for (const bool prefix : {false, true}) {
    BpeTrainingOptions options;
    options.add_prefix_space = prefix;
    const Tokenizer tokenizer = Tokenizer::train(views(texts), options);
    const ScratchFolder folder;
    tokenizer.save(folder.path());
    EXPECT_EQ(Tokenizer::from_folder(folder.path()).fingerprint(), tokenizer.fingerprint());
    std::filesystem::remove(folder / "tokenizer.json");
    const Tokenizer two_files = Tokenizer::from_folder(folder.path());
    EXPECT_EQ(two_files.fingerprint(), tokenizer.fingerprint());
    for (const std::string& text : texts) {
      EXPECT_EQ(two_files.encode(text), tokenizer.encode(text));
    }
  }
}

TEST(WriteFolderTest, KeepsSettingsAndTokensOutsideTheVocabulary) {
  nlohmann::json json = tiny_json({"a b"});
  json["normalizer"] = {{"type", "Sequence"},
                        {"normalizers", {{{"type", "NFC"}}, {{"type", "Lowercase"}}}}};
  json["pre_tokenizer"]["use_regex"] = false;
  json["model"]["unk_token"] = "a";
  json["model"]["fuse_unk"] = true;
  add_token(json, "<\"new\\>", {{"rstrip", true}, {"single_word", true}, {"normalized", true}});
  const Tokenizer tokenizer = load(json);
  const ScratchFolder folder;
  tokenizer.save(folder.path());
  const auto written = nlohmann::json::parse(read_file(folder / "tokenizer.json"));
  EXPECT_EQ(written["normalizer"], json["normalizer"]);
  EXPECT_EQ(written["pre_tokenizer"]["use_regex"], false);
  EXPECT_EQ(written["model"]["vocab"], json["model"]["vocab"]);
  EXPECT_EQ(written["model"]["fuse_unk"], true);
  const Tokenizer again = Tokenizer::from_folder(folder.path());
  EXPECT_EQ(again.fingerprint(), tokenizer.fingerprint());
  EXPECT_EQ(again.special().unk, 'a');
  std::filesystem::remove(folder / "tokenizer.json");
  EXPECT_EQ(Tokenizer::from_folder(folder.path()).id_of("<\"new\\>"), 257);
}

TEST(WriteFolderTest, WritesMergesWithBlanksAsPairs) {
  nlohmann::json json = tiny_json();
  json["model"]["vocab"]["x y"] = 256;
  json["model"]["vocab"]["x yz"] = 257;
  json["model"]["merges"] = nlohmann::json::parse(R"([["x y", "z"]])");
  const Tokenizer tokenizer = load(json);
  const ScratchFolder folder;
  tokenizer.save(folder.path());
  EXPECT_EQ(Tokenizer::from_folder(folder.path()).fingerprint(), tokenizer.fingerprint());
}

}  // namespace
}  // namespace ncmlab
