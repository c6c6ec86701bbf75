// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/data/column_writer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "gzip_text.hpp"
#include "json_records.hpp"
#include "scratch_folder.hpp"

namespace ncmlab {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

class ColumnWriterTest : public testing::Test {
 protected:
  Corpus read(const fs::path& data) const {
    return read_json_lines(data, columns_, BadRecords(OnBadRecord::error));
  }
  void write(const Corpus& corpus, const fs::path& source) const {
    write_json_lines(corpus, columns_, source, folder_ / "out");
  }
  std::vector<json> records(const std::string& file) const {
    return json_records(folder_ / "out" / file);
  }

  const ScratchFolder folder_;
  ColumnMapping columns_{.code = "source", .label = "bad", .id = "key"};
};

TEST_F(ColumnWriterTest, KeepsColumnsIdsAndWhatTheCorpusSaysNothingOf) {
  folder_.write("in/train.jsonl",
                "{\"key\": 7, \"source\": \"int f;\", \"bad\": 1, \"project\": \"x\"}\n"
                "{\"key\": 9, \"source\": \"int g;\", \"bad\": 0}\n");
  folder_.write("in/valid.jsonl", "{\"key\": 7, \"source\": \"int v;\", \"bad\": 1}\n");
  folder_.write("in/test.jsonl", "{\"key\": \"t\", \"source\": \"int h;\", \"bad\": 1}\n");
  Corpus corpus = read(folder_ / "in");
  corpus.train[0].code = "int f_rb;";
  corpus.train[0].label = 0;
  write(corpus, folder_ / "in");
  EXPECT_EQ(read(folder_ / "out").train, corpus.train);
  EXPECT_EQ(read(folder_ / "out").valid, corpus.valid);
  EXPECT_EQ(read(folder_ / "out").test, corpus.test);
  EXPECT_EQ(records("train.jsonl")[0],
            json({{"key", 7}, {"source", "int f_rb;"}, {"bad", 0}, {"project", "x"}}));
}

TEST_F(ColumnWriterTest, SpellsLabelsAsTheDataDoes) {
  columns_.label_values = {"false", "true"};
  folder_.write("in/train.jsonl", "{\"key\": \"a\", \"source\": \"f\", \"bad\": true}\n");
  folder_.write("in/test.jsonl", "{\"key\": \"b\", \"source\": \"g\", \"bad\": \"true\"}\n");
  Corpus corpus = read(folder_ / "in");
  for (auto* split : {&corpus.train, &corpus.valid, &corpus.test}) {
    for (Example& example : *split) {
      example.label = 0;
    }
  }
  write(corpus, folder_ / "in");
  const std::string kept = corpus.train.empty() ? "valid.jsonl" : "train.jsonl";
  EXPECT_EQ(records(kept)[0]["bad"], false);
  EXPECT_EQ(records("test.jsonl")[0]["bad"], "false");
}

TEST_F(ColumnWriterTest, SpellsLabelsThatAreNoJsonAsText) {
  columns_.label_values = {"no", "1"};
  folder_.write("in/train.jsonl", "{\"key\": \"a\", \"source\": \"f\", \"bad\": \"no\"}\n");
  folder_.write("in/test.jsonl", "{\"key\": \"b\", \"source\": \"g\", \"bad\": 1}\n");
  Corpus corpus = read(folder_ / "in");
  corpus.test[0].label = 0;
  write(corpus, folder_ / "in");
  EXPECT_EQ(records("test.jsonl")[0]["bad"], "no");
  EXPECT_EQ(read(folder_ / "out").test, corpus.test);
}

TEST_F(ColumnWriterTest, TakesFieldsOfTheRecordThatWasRead) {
  folder_.write("in/train.jsonl", "{\"key\": 1, \"source\": \"f\", \"bad\": 1}\n");
  folder_.write("in/test.jsonl",
                "{\"key\": 2, \"source\": \"\", \"bad\": 1, \"project\": \"no text\"}\n"
                "{\"key\": 2, \"source\": \"g\", \"bad\": 1, \"project\": \"x\"}\n");
  write(read_json_lines(folder_ / "in", columns_, BadRecords(OnBadRecord::skip)), folder_ / "in");
  EXPECT_EQ(records("test.jsonl")[0]["project"], "x");
}

TEST_F(ColumnWriterTest, ReadsTheSameOfOneGzipFileThatIsPartedByAHash) {
  columns_.split = "";
  std::string text;
  for (int i = 0; i < 60; ++i) {
    text += json{{"key", i}, {"source", "int f" + std::to_string(i) + ";"}, {"bad", i % 2}}.dump() +
            "\n";
  }
  const Corpus corpus = read(folder_.write("all.jsonl.gz", gzip(text)));
  ASSERT_FALSE(corpus.test.empty());
  write(corpus, folder_ / "all.jsonl.gz");
  EXPECT_EQ(read(folder_ / "out").train, corpus.train);
  EXPECT_EQ(read(folder_ / "out").valid, corpus.valid);
  EXPECT_EQ(read(folder_ / "out").test, corpus.test);
}

TEST_F(ColumnWriterTest, TellsIdsApartThatRecur) {
  folder_.write("in/train.jsonl", "{\"key\": 1, \"source\": \"f\", \"bad\": 1}\n");
  folder_.write("in/test.jsonl", "{\"key\": 2, \"source\": \"g\", \"bad\": 1}\n");
  Corpus corpus = read(folder_ / "in");
  corpus.test.push_back(corpus.test[0]);
  write(corpus, folder_ / "in");
  EXPECT_EQ(records("test.jsonl")[0]["key"], 2);
  EXPECT_EQ(records("test.jsonl")[1]["key"], "2#2");
}

TEST_F(ColumnWriterTest, GivesGeneratedSamplesTheNamedColumns) {
  columns_.query = "doc";
  columns_.label_values = {"ok", "broken"};
  Corpus corpus;
  corpus.train = {{.id = "x", .code = "f", .query = "q", .label = 1}};
  write(corpus, {});
  EXPECT_EQ(records("train.jsonl")[0],
            json({{"key", "x"}, {"source", "f"}, {"doc", "q"}, {"bad", "broken"}}));
}

}  // namespace
}  // namespace ncmlab
