// SPDX-License-Identifier: Apache-2.0
#include "bigclonebench_writer.hpp"

#include <gtest/gtest.h>

#include "bigclonebench_reader.hpp"
#include "builtin_clones.hpp"
#include "scratch_folder.hpp"

namespace ncmlab {
namespace {

TEST(BigCloneBenchWriterTest, GivesBackEqualPairs) {
  const ScratchFolder folder;
  Corpus corpus = generate_builtin_clones({.train = 40, .valid = 6, .test = 8}, Rng(1));
  corpus.train[3].code += " // edited \xc3\xa9\t\"";
  write_bigclonebench(corpus, folder.path());
  const Corpus read = read_bigclonebench(folder.path(), BadRecords(OnBadRecord::error));
  const std::vector<Example> Corpus::*splits[] = {&Corpus::train, &Corpus::valid, &Corpus::test};
  for (const auto split : splits) {
    ASSERT_EQ((read.*split).size(), (corpus.*split).size());
    for (std::size_t i = 0; i < (read.*split).size(); ++i) {
      EXPECT_EQ((read.*split)[i].code, (corpus.*split)[i].code);
      EXPECT_EQ((read.*split)[i].other_code, (corpus.*split)[i].other_code);
      EXPECT_EQ((read.*split)[i].label, (corpus.*split)[i].label);
      EXPECT_EQ((read.*split)[i].language, (corpus.*split)[i].language);
    }
  }
}

TEST(BigCloneBenchWriterTest, KeepsTheIdsAndRecordsOfTheSource) {
  const ScratchFolder folder;
  folder.write(
      "in/data.jsonl",
      "{\"idx\": 12, \"func\": \"a\", \"from\": \"x\"}\n{\"idx\": \"7\", \"func\": \"b\"}\n"
      "{\"idx\": \"7-edited\", \"func\": \"c\"}\n{\"idx\": \"9\", \"func\": \"d\"}\n");
  folder.write("in/train.txt", "12\t7\t1\n7\t7-edited\t0\n");
  folder.write("in/valid.txt", "12 9 0\n");
  folder.write("in/test.txt", "9\t12\t1\n");
  Corpus corpus = read_bigclonebench(folder / "in", BadRecords(OnBadRecord::error));
  corpus.train[0].other_code = corpus.train[1].code = "b_rb";
  write_bigclonebench(corpus, folder / "out", folder / "in");
  const Corpus read = read_bigclonebench(folder / "out", BadRecords(OnBadRecord::error));
  EXPECT_EQ(read.train, corpus.train);
  EXPECT_EQ(read.valid, corpus.valid);
  EXPECT_EQ(read.test, corpus.test);
  EXPECT_EQ(read_file(folder / "out/train.txt"), "12\t7-edited2\t1\n7-edited2\t7-edited\t0\n");
  EXPECT_EQ(read_file(folder / "out/test.txt"), read_file(folder / "in/test.txt"));
  EXPECT_NE(read_file(folder / "out/data.jsonl").find("{\"from\":\"x\",\"func\":\"a\",\"idx\":12}"),
            std::string::npos);
}

}  // namespace
}  // namespace ncmlab
