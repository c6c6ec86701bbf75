// SPDX-License-Identifier: Apache-2.0
#include "codesearchnet_writer.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "builtin_functions.hpp"
#include "codesearchnet_reader.hpp"
#include "json_records.hpp"
#include "scratch_folder.hpp"

namespace ncmlab {
namespace {

TEST(CodeSearchNetWriterTest, GivesBackEqualSamples) {
  const ScratchFolder folder;
  Corpus corpus = generate_builtin_functions({.train = 40, .valid = 6, .test = 8}, Rng(1));
  corpus.train[3].query = " two  blanks \xc3\xa9";
  write_codesearchnet(corpus, folder.path());
  EXPECT_EQ(json_records(folder / "train.jsonl").at(39).at("idx"), 39);
  EXPECT_EQ(json_records(folder / "test.jsonl").at(0).at("idx"), 0);
  const Corpus read = read_codesearchnet(folder.path(), BadRecords(OnBadRecord::error));
  const std::vector<Example> Corpus::*splits[] = {&Corpus::train, &Corpus::valid, &Corpus::test};
  for (const auto split : splits) {
    ASSERT_EQ((read.*split).size(), (corpus.*split).size());
    for (std::size_t i = 0; i < (read.*split).size(); ++i) {
      EXPECT_EQ((read.*split)[i].code, (corpus.*split)[i].code);
      EXPECT_EQ((read.*split)[i].query, (corpus.*split)[i].query);
      EXPECT_EQ((read.*split)[i].language, (corpus.*split)[i].language);
    }
  }
}

TEST(CodeSearchNetWriterTest, KeepsTheRecordsOfTheSourceButForEditedCode) {
  const ScratchFolder folder;
  const std::string code = "def f(a):\n    \"\"\"Doc.\"\"\"\n    return a\n";
  const nlohmann::json record{{"code", code},
                              {"original_string", code},
                              {"code_tokens", {"def"}},
                              {"docstring_tokens", {"Doc", "."}},
                              {"url", "u"}};
  for (const char* file : {"train/0", "train/1", "test/0"}) {
    folder.write("in/" + std::string(file) + ".jsonl", record.dump() + "\n");
  }
  Corpus corpus = read_codesearchnet(folder / "in", BadRecords(OnBadRecord::error));
  for (auto* split : {&corpus.train, &corpus.valid}) {
    for (Example& example : *split) {
      example.code += "# edited\n";
    }
  }
  write_codesearchnet(corpus, folder / "out", folder / "in");
  EXPECT_EQ(json_records(folder / "out/test.jsonl"), std::vector{record});
  for (const char* file : {"out/train.jsonl", "out/valid.jsonl"}) {
    if (std::filesystem::exists(folder / file)) {
      for (const nlohmann::json& edited : json_records(folder / file)) {
        EXPECT_EQ(edited.at("url"), "u");
        EXPECT_EQ(edited.at("docstring_tokens"), record.at("docstring_tokens"));
        EXPECT_EQ(edited.at("original_string"), edited.at("code"));
        EXPECT_NE(edited.at("code_tokens"), record.at("code_tokens"));
      }
    }
  }
}

}  // namespace
}  // namespace ncmlab
