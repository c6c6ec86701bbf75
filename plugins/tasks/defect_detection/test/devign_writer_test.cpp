// SPDX-License-Identifier: Apache-2.0
#include "devign_writer.hpp"

#include <gtest/gtest.h>

#include "devign_reader.hpp"
#include "scratch_folder.hpp"

namespace ncmlab {
namespace {

Example sample(std::string id, std::string code, std::int64_t label) {
  return {.id = std::move(id), .code = std::move(code), .second = "", .label = label};
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

TEST(DevignWriterTest, NumbersSamplesOfOtherOriginByPosition) {
  const ScratchFolder folder;
  write_devign({.train = {sample("builtin-train-4", "f", 1), sample("builtin-train-5", "g", 0)},
                .valid = {},
                .test = {sample("devign-5", "h", 1), sample("devign-5", "i", 1)}},
               folder.path());
  EXPECT_FALSE(std::filesystem::exists(folder / "valid.jsonl"));
  const Corpus read = read_devign(folder.path());
  ASSERT_EQ(read.test.size(), 2U);
  EXPECT_EQ(read.test[0].id, "devign-0");
  EXPECT_EQ(read.test[1].code, "i");
}

}  // namespace
}  // namespace ncmlab
