// SPDX-License-Identifier: Apache-2.0
#include "mutation.hpp"

#include <gtest/gtest.h>

#include "allocation_watch.hpp"
#include "tiny_tokenizer.hpp"

namespace ncmlab {
namespace {

using testing::AllocationWatch;
using testing::Mutator;
using testing::wanted_inputs;

constexpr std::size_t kFewInputs = 4000;

const std::string kVocabulary =
    R"({"<s>": 0, "<pad>": 1, "</s>": 2, "<unk>": 3, "a": 4, "b": 5, "c": 6, "ab": 7, "abc": 8,
 "\u0120": 9, "\u0120a": 10, "<0x62>": 11, "<mask>": 12})";
const std::string kMerges = "#version: 0.2\na b\nab c\n\u0120 a\n";
const std::vector<std::string> kWords = {"\"",
                                         "\\u0120",
                                         "\\ud800",
                                         "{",
                                         "}",
                                         "[",
                                         "]",
                                         ":",
                                         ",",
                                         "null",
                                         "true",
                                         "1e999",
                                         "-1",
                                         "18446744073709551615",
                                         "\"a b\"",
                                         "\"merges\"",
                                         "\"vocab\"",
                                         "\"Sequence\"",
                                         "\"NFKC\"",
                                         "\"id\"",
                                         "\xEF\xBB\xBF",
                                         "\xFF",
                                         "\n",
                                         " ",
                                         "#version",
                                         "\u0120",
                                         "<s>",
                                         "\r"};

std::string tokenizer_json() {
  return R"({"truncation": null, "added_tokens": [
{"id": 0, "content": "<s>", "special": true}, {"id": 13, "content": "[X]", "lstrip": true},
{"id": 14, "content": "zz", "normalized": true, "single_word": true, "rstrip": true}],
"normalizer": {"type": "Sequence", "normalizers": [{"type": "NFKC"}, {"type": "Lowercase"}]},
"pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": true, "use_regex": true},
"decoder": {"type": "ByteLevel"}, "model": {"type": "BPE", "dropout": null, "unk_token": "<unk>",
"fuse_unk": true, "byte_fallback": true, "ignore_merges": false, "vocab": )" +
         kVocabulary + R"(, "merges": ["a b", ["ab", "c"], "\u0120 a"]}})";
}

/// Loads the tokenizer of `size` bytes and uses it: nothing but Error may come out, and no more
/// memory may be taken than the bytes justify.
template <typename Open>
bool survives(const Open& open, std::size_t size) {
  const long long before = AllocationWatch::start();
  bool opened = false;
  try {
    const Tokenizer tokenizer = open();
    opened = true;
    const std::string text = "abc <s>ABC zz [X]\n\xFF\u00E9\uFB01 ab";
    EXPECT_EQ(tokenizer.encode(text), tokenizer.encode_with_ranges(text).ids);
    tokenizer.fingerprint();
  } catch (const Error& error) {
    EXPECT_FALSE(error.diagnostics().front().code.empty());
  }
  constexpr long long kFixed = 8LL << 20;  // tables by id and the cache of pieces
  EXPECT_LT(AllocationWatch::peak - before, kFixed + 300 * static_cast<long long>(size));
  return opened;
}

TEST(TokenizerMutationTest, DamagedTokenizerJsonIsReadOrRefused) {
  const ScratchFolder folder;
  const auto file = folder / "tokenizer.json";
  Mutator mutator({tokenizer_json(), tiny_json({"a b"}).dump().substr(0, 600)}, kWords, 1);
  std::int64_t opened = 0;
  for (std::size_t i = 0; i < wanted_inputs(kFewInputs); ++i) {
    const std::string input = mutator.next();
    folder.write(file, input);
    opened += survives([&] { return Tokenizer::from_file(file); }, input.size());
    ASSERT_FALSE(HasFailure()) << input;
  }
  EXPECT_GT(opened, 0) << "the mutations break everything, so the rest is not tested";
}

TEST(TokenizerMutationTest, DamagedVocabularyIsReadOrRefused) {
  const ScratchFolder folder;
  folder.write("merges.txt", kMerges);
  Mutator mutator({kVocabulary}, kWords, 2);
  std::int64_t opened = 0;
  for (std::size_t i = 0; i < wanted_inputs(kFewInputs); ++i) {
    const std::string input = mutator.next();
    folder.write("vocab.json", input);
    opened += survives([&] { return Tokenizer::from_folder(folder.path()); }, input.size());
    ASSERT_FALSE(HasFailure()) << input;
  }
  EXPECT_GT(opened, 0);
}

TEST(TokenizerMutationTest, DamagedMergesAreReadOrRefused) {
  const ScratchFolder folder;
  folder.write("vocab.json", kVocabulary);
  Mutator mutator({kMerges}, kWords, 3);
  std::int64_t opened = 0;
  for (std::size_t i = 0; i < wanted_inputs(kFewInputs); ++i) {
    const std::string input = mutator.next();
    folder.write("merges.txt", input);
    opened += survives([&] { return Tokenizer::from_folder(folder.path()); }, input.size());
    ASSERT_FALSE(HasFailure()) << input;
  }
  EXPECT_GT(opened, 0);
}

}  // namespace
}  // namespace ncmlab
