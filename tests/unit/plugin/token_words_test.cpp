// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/plugin/token_words.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "small_model.hpp"

namespace ncmlab {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// The words of `parts` as a small model reads them, each with what its tokens decode to.
std::vector<std::string> words_of(const std::vector<std::string>& parts,
                                  std::vector<std::size_t>* owners = nullptr) {
  const CodeModel model = testing::small_model(1);
  TokenSample sample;
  for (std::size_t part = 0; part < parts.size(); ++part) {
    sample.parts.push_back(model.tokenize_with_ranges(parts[part], part));
  }
  std::vector<std::string> result;
  for (const TokenWord& word : token_words(sample, parts)) {
    const std::vector<std::int64_t>& ids = sample.parts[word.part].ids;
    const auto at = [&](std::size_t place) {
      return ids.begin() + static_cast<std::ptrdiff_t>(place);
    };
    result.push_back(word.text + "=" +
                     model.tokenizer().decode({at(word.tokens.begin), at(word.tokens.end)}));
    if (owners != nullptr) {
      owners->push_back(word.part);
    }
  }
  return result;
}

TEST(TokenWordsTest, WordsAreSubWordsAndHaveTheTokensThatEndInThem) {
  EXPECT_THAT(words_of({"int read_file2(int *xY) { return 27; }"}),
              ElementsAre("int=int", "read=read", "file2=file2", "int=int", "x=x", "Y=Y",
                          "return=return", "27=27"));
}

TEST(TokenWordsTest, TellsThePartsOfASampleApart) {
  std::vector<std::size_t> owners;
  EXPECT_THAT(words_of({"from", "to a"}, &owners), ElementsAre("from=from", "to=to", "a=a"));
  EXPECT_THAT(owners, ElementsAre(0U, 1U, 1U));
  EXPECT_THAT(words_of({"{}"}), IsEmpty());
  EXPECT_THAT(words_of({""}), IsEmpty());
}

TEST(TokenWordsTest, LeavesOutWhatTheModelCutsOff) {
  std::string source;
  for (int i = 0; i < 100; ++i) {
    source += "q ";
  }
  // The model reads 48 tokens, two of them special and half of the others blanks.
  EXPECT_EQ(words_of({source}).size(), 23U);
}

}  // namespace
}  // namespace ncmlab
