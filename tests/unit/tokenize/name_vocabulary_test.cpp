// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/tokenize/name_vocabulary.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <string>

#include "shared_data.hpp"

namespace ncmlab {
namespace {

const Tokenizer& tokenizer() {
  static const Tokenizer instance = Tokenizer::train(
      {"int copy(char *to, char *from) { while (*from) *to++ = *from++; return 0; }"},
      {.vocab_size = 300, .min_frequency = 1});
  return instance;
}

TEST(NameVocabularyTest, KeepsExactlyTheTokensThatContinueNames) {
  const auto kept = name_vocabulary(tokenizer(), NameUse::continues_name, {Language::c});
  std::size_t expected = 0;
  for (std::int64_t id = 0; id < tokenizer().vocab_size(); ++id) {
    const std::string text = tokenizer().decode({id});
    const bool name_like = !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
      return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
    });
    expected += name_like && !tokenizer().is_special(id) ? 1 : 0;
  }
  EXPECT_EQ(kept.size(), expected);
  EXPECT_GT(kept.size(), 63U) << "beside all letters, digits and the underscore";
  EXPECT_TRUE(std::is_sorted(kept.begin(), kept.end()));
  EXPECT_EQ(std::count(kept.begin(), kept.end(), tokenizer().id_of("\xc4\xa0*").value_or(-1)), 0);
}

TEST(NameVocabularyTest, LeavesOutWhatIsNoNameOfTheLanguages) {
  const auto names =
      name_vocabulary(tokenizer(), NameUse::is_name, {Language::c, Language::python});
  for (const std::int64_t id : names) {
    const std::string& token = tokenizer().token(id);
    EXPECT_TRUE(is_valid_identifier(token, Language::c)) << token;
    EXPECT_TRUE(is_valid_identifier(token, Language::python)) << token;
  }
  EXPECT_GE(names.size(), 53U);
}

TEST(NameVocabularyTest, KeepsNamesBehindABoundaryWhereTheyStartANewWord) {
  const auto starts = name_vocabulary(tokenizer(), NameUse::starts_name, {Language::c});
  for (const std::int64_t id : starts) {
    const std::string text = tokenizer().decode({id});
    EXPECT_TRUE(text.starts_with(" ") && is_valid_identifier(text.substr(1), Language::c)) << text;
  }
  EXPECT_TRUE(std::ranges::binary_search(starts, tokenizer()
                                                     .id_of("\xc4\xa0"
                                                            "copy")
                                                     .value()));
  const auto keyword = tokenizer().id_of(
      "\xc4\xa0"
      "return");
  ASSERT_TRUE(keyword);
  EXPECT_FALSE(std::ranges::binary_search(starts, *keyword));
}

TEST(NameVocabularyTest, LeavesThePublishedNumberOfTokens) {
  const auto folder = real_data() / "tokenizers" / "roberta-base";
  NCMLAB_NEEDS(folder);
  const Tokenizer roberta = Tokenizer::from_folder(folder);
  EXPECT_EQ(name_vocabulary(roberta, NameUse::continues_name, {Language::c}).size(), 15838U);
}

}  // namespace
}  // namespace ncmlab
