// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "ncmlab/tokenize/tokenizer.hpp"
#include "shared_data.hpp"

namespace ncmlab {
namespace {

std::vector<nlohmann::json> read_lines(const std::filesystem::path& file) {
  std::vector<nlohmann::json> lines;
  std::ifstream stream(file);
  for (std::string line; std::getline(stream, line);) {
    lines.push_back(nlohmann::json::parse(line));
  }
  return lines;
}

/// Every recorded text gives the recorded ids, and ranges that cover the text in order.
void expect_golden(const Tokenizer& tokenizer, const std::string& name) {
  const auto folder = golden_data() / "tokenizers";
  const auto texts = read_lines(folder / "texts.jsonl");
  const auto expected = read_lines(folder / (name + ".jsonl"));
  ASSERT_EQ(texts.size(), expected.size());
  ASSERT_GT(texts.size(), 1000u);
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const auto text = texts[i].at("text").get<std::string>();
    const auto ids = expected[i].get<std::vector<std::int64_t>>();
    ASSERT_EQ(tokenizer.encode(text), ids) << name << ", line " << i + 1 << ": " << texts[i];
    const Encoding encoding = tokenizer.encode_with_ranges(text);
    ASSERT_EQ(encoding.ids, ids) << name << ", line " << i + 1;
    ASSERT_EQ(encoding.ranges.size(), ids.size());
    std::size_t covered = 0;
    for (const ByteRange& range : encoding.ranges) {
      ASSERT_LE(range.begin, covered);
      ASSERT_GE(range.end, covered);
      covered = range.end;
    }
    ASSERT_EQ(covered, text.size()) << name << ", line " << i + 1;
  }
}

TEST(TokenizerGoldenTest, RobertaBaseFromTwoFiles) {
  NCMLAB_NEEDS(golden_data());
  NCMLAB_NEEDS(real_data());
  expect_golden(Tokenizer::from_folder(real_data() / "tokenizers/roberta-base"), "roberta-base");
}

TEST(TokenizerGoldenTest, RobertaBaseWithPrefixSpace) {
  NCMLAB_NEEDS(golden_data());
  NCMLAB_NEEDS(real_data());
  expect_golden(Tokenizer::from_folder(real_data() / "tokenizers/roberta-base", true),
                "roberta-base.prefix-space");
}

TEST(TokenizerGoldenTest, RobertaBaseFromOneFile) {
  NCMLAB_NEEDS(golden_data());
  const auto file = golden_data() / "tokenizers/roberta-base.tokenizer.json";
  expect_golden(Tokenizer::from_file(file), "roberta-base");
  expect_golden(Tokenizer::from_file(file, true), "roberta-base.prefix-space");
}

TEST(TokenizerGoldenTest, CodeT5BaseFromTwoFiles) {
  NCMLAB_NEEDS(golden_data());
  NCMLAB_NEEDS(real_data());
  expect_golden(Tokenizer::from_folder(real_data() / "tokenizers/codet5-base"), "codet5-base");
}

TEST(TokenizerGoldenTest, CodeT5BaseFromOneFile) {
  NCMLAB_NEEDS(golden_data());
  expect_golden(Tokenizer::from_file(golden_data() / "tokenizers/codet5-base.tokenizer.json"),
                "codet5-base");
}

TEST(TokenizerGoldenTest, DistilledCodeBertModels) {
  NCMLAB_NEEDS(golden_data());
  NCMLAB_NEEDS(real_data());
  for (const char* name : {"codebert-3mb-devign", "codebert-3mb-bcb"}) {
    expect_golden(Tokenizer::from_folder(real_data() / "models" / name), name);
  }
}

TEST(TokenizerGoldenTest, SpecialIdsOfRealTokenizers) {
  NCMLAB_NEEDS(real_data());
  const Tokenizer roberta = Tokenizer::from_folder(real_data() / "tokenizers/roberta-base");
  EXPECT_EQ(roberta.vocab_size(), 50265);
  EXPECT_EQ(roberta.special().bos, 0);
  EXPECT_EQ(roberta.special().pad, 1);
  EXPECT_EQ(roberta.special().eos, 2);
  EXPECT_EQ(roberta.special().unk, 3);
  EXPECT_EQ(roberta.special().mask, 50264);
  EXPECT_TRUE(roberta.is_special(50264));
  EXPECT_FALSE(roberta.is_special(5));
  EXPECT_EQ(roberta.token(5), "\u0120the");
  const Tokenizer code_t5 = Tokenizer::from_folder(real_data() / "tokenizers/codet5-base");
  EXPECT_EQ(code_t5.special().pad, 0);
  EXPECT_EQ(code_t5.special().bos, 1);
  EXPECT_EQ(code_t5.special().mask, 4);
}

}  // namespace
}  // namespace ncmlab
