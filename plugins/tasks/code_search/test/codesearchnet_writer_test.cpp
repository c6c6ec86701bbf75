// SPDX-License-Identifier: Apache-2.0
#include "codesearchnet_writer.hpp"

#include <gtest/gtest.h>

#include "builtin_functions.hpp"
#include "codesearchnet_reader.hpp"
#include "scratch_folder.hpp"

namespace ncmlab {
namespace {

TEST(CodeSearchNetWriterTest, GivesBackEqualSamples) {
  const ScratchFolder folder;
  Corpus corpus =
      generate_builtin_functions({.train_size = 40, .valid_size = 6, .test_size = 8}, Rng(1));
  corpus.train[3].second = " two  blanks \xc3\xa9";
  write_codesearchnet(corpus, folder.path());
  const Corpus read = read_codesearchnet(folder.path(), BadRecords("error"));
  const std::vector<Example> Corpus::*splits[] = {&Corpus::train, &Corpus::valid, &Corpus::test};
  for (const auto split : splits) {
    ASSERT_EQ((read.*split).size(), (corpus.*split).size());
    for (std::size_t i = 0; i < (read.*split).size(); ++i) {
      EXPECT_EQ((read.*split)[i].code, (corpus.*split)[i].code);
      EXPECT_EQ((read.*split)[i].second, (corpus.*split)[i].second);
      EXPECT_EQ((read.*split)[i].language, (corpus.*split)[i].language);
    }
  }
}

}  // namespace
}  // namespace ncmlab
