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
  Corpus corpus =
      generate_builtin_clones({.train_size = 40, .valid_size = 6, .test_size = 8}, Rng(1));
  corpus.train[3].code += " // edited \xc3\xa9\t\"";
  write_bigclonebench(corpus, folder.path());
  const Corpus read = read_bigclonebench(folder.path(), BadRecords("error"));
  const std::vector<Example> Corpus::*splits[] = {&Corpus::train, &Corpus::valid, &Corpus::test};
  for (const auto split : splits) {
    ASSERT_EQ((read.*split).size(), (corpus.*split).size());
    for (std::size_t i = 0; i < (read.*split).size(); ++i) {
      EXPECT_EQ((read.*split)[i].code, (corpus.*split)[i].code);
      EXPECT_EQ((read.*split)[i].second, (corpus.*split)[i].second);
      EXPECT_EQ((read.*split)[i].label, (corpus.*split)[i].label);
      EXPECT_EQ((read.*split)[i].language, (corpus.*split)[i].language);
    }
  }
}

}  // namespace
}  // namespace ncmlab
