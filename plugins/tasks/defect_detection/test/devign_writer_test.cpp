// SPDX-License-Identifier: Apache-2.0
#include "devign_writer.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include "devign_reader.hpp"

namespace ncmlab {
namespace {

class DevignWriterTest : public testing::Test {
 protected:
  DevignWriterTest()
      : folder_(std::filesystem::temp_directory_path() /
                ("ncmlab_devign_writer_" + std::to_string(getpid()))) {}
  ~DevignWriterTest() override { std::filesystem::remove_all(folder_); }

  std::filesystem::path folder_;
};

Example sample(std::string id, std::string code, std::int64_t label) {
  return {.id = std::move(id), .code = std::move(code), .second = "", .label = label};
}

TEST_F(DevignWriterTest, GivesBackEqualSamples) {
  const Corpus corpus{.train = {sample("devign-7", "int f() {\r\n\t\"\xc3\xa9\"; }", 1),
                                sample("devign-3", "g", 0)},
                      .valid = {sample("devign-9", "h", 0)},
                      .test = {sample("devign-5", "i", 1)}};
  write_devign(corpus, folder_);
  const Corpus read = read_devign(folder_);
  EXPECT_EQ(read.train, corpus.train);
  EXPECT_EQ(read.valid, corpus.valid);
  EXPECT_EQ(read.test, corpus.test);
}

TEST_F(DevignWriterTest, NumbersSamplesOfOtherOriginByPosition) {
  write_devign({.train = {sample("builtin-train-4", "f", 1), sample("builtin-train-5", "g", 0)},
                .valid = {},
                .test = {sample("devign-5", "h", 1), sample("devign-5", "i", 1)}},
               folder_);
  EXPECT_FALSE(std::filesystem::exists(folder_ / "valid.jsonl"));
  const Corpus read = read_devign(folder_);
  ASSERT_EQ(read.test.size(), 2U);
  EXPECT_EQ(read.test[0].id, "devign-0");
  EXPECT_EQ(read.test[1].code, "i");
}

}  // namespace
}  // namespace ncmlab
