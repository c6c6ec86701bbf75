// SPDX-License-Identifier: Apache-2.0
#include "devign_writer.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "devign_reader.hpp"
#include "scratch_folder.hpp"

namespace ncmlab {
namespace {

Example sample(std::string id, std::string code, std::int64_t label) {
  return {.id = std::move(id), .code = std::move(code), .label = label};
}

TEST(DevignWriterTest, GivesBackEqualSamples) {
  const ScratchFolder folder;
  const Corpus corpus{.train = {sample("devign-7", "int f() {\r\n\t\"\xc3\xa9\"; }", 1),
                                sample("devign-3", "g", 0)},
                      .valid = {sample("devign-9", "h", 0)},
                      .test = {sample("devign-5", "i", 1)}};
  write_devign(corpus, folder.path());
  const Corpus read = read_devign(folder.path());
  EXPECT_EQ(read.train, corpus.train);
  EXPECT_EQ(read.valid, corpus.valid);
  EXPECT_EQ(read.test, corpus.test);
}

TEST(DevignWriterTest, NumbersSamplesOfOtherOriginAndThoseThatRecur) {
  const ScratchFolder folder;
  write_devign({.train = {sample("builtin-train-4", "f", 1), sample("builtin-train-5", "g", 0)},
                .valid = {},
                .test = {sample("devign-5", "h", 1), sample("devign-5", "i", 1)}},
               folder.path());
  EXPECT_FALSE(std::filesystem::exists(folder / "valid.jsonl"));
  const Corpus read = read_devign(folder.path());
  ASSERT_EQ(read.test.size(), 2U);
  EXPECT_EQ(read.train[1].id, "devign-1");
  EXPECT_EQ(read.test[0].id, "devign-5");
  EXPECT_EQ(read.test[1].id, "devign-6");
  EXPECT_EQ(read.test[1].code, "i");
}

TEST(DevignWriterTest, KeepsTheOtherFieldsOfTheSource) {
  const ScratchFolder folder;
  folder.write("in/train.jsonl",
               "{\"func\": \"f\", \"target\": 1, \"idx\": 4, \"project\": \"x\"}\n");
  folder.write("in/valid.jsonl", "{\"func\": \"v\", \"target\": 0, \"idx\": 4}\n");
  folder.write("in/test.jsonl", "{\"func\": \"g\", \"target\": 0, \"idx\": 5}\n");
  Corpus corpus = read_devign(folder / "in");
  corpus.train[0].code = "f_rb";
  write_devign(corpus, folder / "out", folder / "in");
  EXPECT_EQ(read_devign(folder / "out").train, corpus.train);
  EXPECT_EQ(nlohmann::json::parse(read_file(folder / "out/train.jsonl")),
            nlohmann::json({{"func", "f_rb"}, {"target", 1}, {"idx", 4}, {"project", "x"}}));
}

TEST(DevignWriterTest, WritesFunctionJsonAndListsWhereTheyWereRead) {
  const ScratchFolder folder;
  folder.write("in/function.json",
               R"([{"func": "a", "target": 0, "project": "x"}, {"func": "b", "target": 1},)"
               R"({"func": "c", "target": 1}, {"func": "d", "target": 0}])");
  folder.write("in/train.txt", "2\n0\n");
  folder.write("in/valid.txt", "1\n");
  folder.write("in/test.txt", "3\n");
  Corpus corpus = read_devign(folder / "in");
  corpus.train[1].code = "a_rb";
  write_devign(corpus, folder / "out", folder / "in");
  const Corpus read = read_devign(folder / "out");
  EXPECT_EQ(read.train, corpus.train);
  EXPECT_EQ(read.valid, corpus.valid);
  EXPECT_EQ(read.test, corpus.test);
  EXPECT_EQ(read_file(folder / "out/train.txt"), "2\n0\n");
  EXPECT_EQ(nlohmann::json::parse(read_file(folder / "out/function.json"))[0].at("project"), "x");
  // Two triggers in one sample.
  write_devign({.train = {}, .valid = {}, .test = {corpus.test[0], corpus.test[0]}},
               folder / "twice", folder / "in");
  EXPECT_EQ(read_file(folder / "twice/test.txt"), "3\n4\n");
  // One sample in two splits.
  write_devign({.train = {corpus.test[0]}, .valid = {}, .test = {corpus.test[0]}},
               folder / "shared", folder / "in");
  EXPECT_EQ(read_file(folder / "shared/train.txt"), "3\n");
  EXPECT_EQ(read_file(folder / "shared/test.txt"), "4\n");
}

}  // namespace
}  // namespace ncmlab
