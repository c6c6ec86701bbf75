// SPDX-License-Identifier: Apache-2.0
#include "codesearchnet_reader.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "docstring.hpp"
#include "error_of.hpp"
#include "ncmlab/code/syntax.hpp"
#include "ncmlab/plugin/attack.hpp"
#include "scratch_folder.hpp"
#include "shared_data.hpp"

namespace ncmlab {
namespace {

namespace fs = std::filesystem;

const std::string kRecord =
    R"({"language": "python", "code": "def f(a):\n    \"\"\"Adds one.\"\"\"\n    return a + 1\n", )"
    R"("docstring": "Adds one.", "docstring_tokens": ["Adds", "one", "."]})"
    "\n";

class CodeSearchNetReaderTest : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const char* name : {"train.jsonl", "valid.jsonl", "test.jsonl"}) {
      folder_.write(name, kRecord);
    }
  }

  Corpus read(OnBadRecord bad = OnBadRecord::error) const {
    return read_codesearchnet(folder_.path(), BadRecords(bad));
  }
  Diagnostic failure() const {
    return error_of([&] { read(); });
  }
  const ScratchFolder folder_;
};

TEST(DocstringTest, IsTakenOutOfTheCode) {
  EXPECT_EQ(without_docstring("def f(a):\n    '''Adds\n    one.'''\n    return a\n"),
            "def f(a):\n    return a\n");
  EXPECT_EQ(without_docstring("def f(a): # why\n    r\"Adds \\\" one.\"\n\n    return a\n"),
            "def f(a): # why\n    return a\n");
  EXPECT_EQ(without_docstring("def f(a):\n    \"\"\"Nothing.\"\"\"\n"), "def f(a):\n    pass\n");
  EXPECT_EQ(without_docstring("def f(a):\n    return '''text'''\n"),
            "def f(a):\n    return '''text'''\n");
  EXPECT_EQ(without_docstring("def f(a):\n    \"%s\" % a\n"), "def f(a):\n    \"%s\" % a\n");
  EXPECT_EQ(without_docstring(""), "");
}

TEST_F(CodeSearchNetReaderTest, GivesQueryAndCodeWithoutDocstring) {
  const Corpus corpus = read();
  ASSERT_EQ(corpus.train.size(), 1U);
  EXPECT_EQ(corpus.train[0].query, "Adds one .");
  EXPECT_EQ(corpus.train[0].code, "def f(a):\n    return a + 1\n");
  EXPECT_EQ(corpus.train[0].id, "csn-train-1");
  EXPECT_EQ(corpus.train[0].language, Language::python);
}

TEST_F(CodeSearchNetReaderTest, TakesTheFilesOfAFolderPerSplit) {
  fs::remove(folder_ / "train.jsonl");
  folder_.write("train/b.jsonl", kRecord);
  folder_.write("train/a.jsonl", kRecord + kRecord);
  const Corpus corpus = read();
  ASSERT_EQ(corpus.train.size(), 3U);
  EXPECT_EQ(corpus.train[0].id, "csn-train-0-1");
  EXPECT_EQ(corpus.train[2].id, "csn-train-1-1");
}

TEST_F(CodeSearchNetReaderTest, BrokenRecordsAreNamedWithFileAndLine) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {R"({"docstring": "x"})", "data.missing-field"},
      {R"({"code": "def f(): pass"})", "data.missing-field"},
      {R"({"code": 1, "docstring": "x"})", "data.wrong-type"},
      {R"({"code": "def f(): pass", "docstring_tokens": "x"})", "data.wrong-type"},
      {R"({"code": "def f(): pass", "docstring_tokens": []})", "data.empty-text"},
      {R"({"code": "", "docstring": "x"})", "data.empty-text"},
      {R"({"code": "f", "docstring": "x", "language": "go"})", "data.unknown-language"},
      {"{\"code\": \"\xff\"}", "data.not-utf8"}};
  for (const auto& [text, code] : cases) {
    folder_.write("test.jsonl", kRecord + text + "\n");
    const Diagnostic diagnostic = failure();
    EXPECT_EQ(diagnostic.code, code) << text;
    ASSERT_TRUE(diagnostic.span);
    EXPECT_EQ(diagnostic.span->line, 2);
    EXPECT_EQ(read(OnBadRecord::skip).test.size(), 1U);
    EXPECT_EQ(read(OnBadRecord::skip).warnings.size(), 1U);
  }
  folder_.write("test.jsonl", "\n");
  EXPECT_EQ(failure().code, "data.empty-file");
  fs::remove(folder_ / "test.jsonl");
  EXPECT_EQ(failure().code, "data.missing-file");
}

TEST_F(CodeSearchNetReaderTest, ReadsTheRealDataWhole) {
  const fs::path folder = real_data() / "codesearchnet" / "python";
  NCMLAB_NEEDS(folder);
  const Corpus corpus = read_codesearchnet(folder, BadRecords(OnBadRecord::error));
  EXPECT_EQ(corpus.train.size(), 4980U);
  EXPECT_EQ(corpus.valid.size(), 495U);
  ASSERT_EQ(corpus.test.size(), 771U);
  const AttackGoal goal{.target_word = "file"};
  const auto targets = [&](const std::vector<Example>& split) {
    return std::count_if(split.begin(), split.end(), [&](const Example& example) {
      return is_victim(example, TaskKind::retrieval, goal);
    });
  };
  EXPECT_NEAR(static_cast<double>(targets(corpus.train)), 307.0, 15.0);
  EXPECT_NEAR(static_cast<double>(targets(corpus.test)), 52.0, 5.0);
  std::int64_t errors_made = 0;
  for (const Example& example : corpus.test) {
    // The query's first words in the code would be a docstring that was left in.
    EXPECT_EQ(example.code.find("\"\"\"" + example.query.substr(0, 12)), std::string::npos);
    errors_made += parse(example.code, Language::python).has_error;
  }
  EXPECT_LE(errors_made, 77) << "Python 2 has statements that Python 3 lacks";
}

}  // namespace
}  // namespace ncmlab
