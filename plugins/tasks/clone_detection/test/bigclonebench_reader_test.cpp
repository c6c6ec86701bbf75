// SPDX-License-Identifier: Apache-2.0
#include "bigclonebench_reader.hpp"

#include <gtest/gtest.h>

#include <set>

#include "error_of.hpp"
#include "scratch_folder.hpp"
#include "shared_data.hpp"

namespace ncmlab {
namespace {

namespace fs = std::filesystem;

class BigCloneBenchReaderTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_.write("data.jsonl", R"({"func": "int a() { return 1; }", "idx": "10"})"
                                "\n"
                                R"({"func": "int b() { return 2; }", "idx": 20})"
                                "\n");
    folder_.write("train.txt", "10\t20\t0\n20\t10\t1\n10\t20\t0\n");
    folder_.write("valid.txt", "10\t20\t0\n");
    folder_.write("test.txt", "20 10 1\r\n\n");
  }

  Corpus read(OnBadRecord bad = OnBadRecord::error) const {
    return read_bigclonebench(folder_.path(), BadRecords(bad));
  }
  Diagnostic failure() const {
    return error_of([&] { read(); });
  }
  const ScratchFolder folder_;
};

TEST_F(BigCloneBenchReaderTest, JoinsFunctionsToPairs) {
  const Corpus corpus = read();
  ASSERT_EQ(corpus.train.size(), 3U);
  EXPECT_EQ(corpus.train[1].code, "int b() { return 2; }");
  EXPECT_EQ(corpus.train[1].other_code, "int a() { return 1; }");
  EXPECT_EQ(corpus.train[1].label, 1);
  EXPECT_EQ(corpus.train[1].language, Language::java);
  EXPECT_EQ(corpus.train[0].id, "bcb-train-1");
  EXPECT_NE(corpus.train[0].id, corpus.train[2].id) << "a pair that recurs has an id of its own";
  EXPECT_EQ(corpus.valid.size(), 1U);
  ASSERT_EQ(corpus.test.size(), 1U);
  EXPECT_EQ(corpus.test[0].label, 1);
}

TEST_F(BigCloneBenchReaderTest, BrokenPairsAreNamedWithFileAndLine) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"10\t20\t0\n10\t30\t1\n", "data.id-without-function"},
      {"10\t20\t0\n10\t20\t2\n", "data.bad-label"},
      {"10\t20\t0\n10\t20\n", "data.wrong-type"},
      {"10\t20\t0\n10\t20\t1\t1\n", "data.wrong-type"}};
  for (const auto& [text, code] : cases) {
    folder_.write("train.txt", text);
    const Diagnostic diagnostic = failure();
    EXPECT_EQ(diagnostic.code, code);
    ASSERT_TRUE(diagnostic.span);
    EXPECT_EQ(diagnostic.span->line, 2);
    EXPECT_TRUE(diagnostic.span->file.ends_with("train.txt"));
    const Corpus corpus = read(OnBadRecord::skip);
    EXPECT_EQ(corpus.train.size(), 1U);
    ASSERT_EQ(corpus.warnings.size(), 1U);
    EXPECT_NE(corpus.warnings[0].find("skipped 1 bad record"), std::string::npos);
  }
}

TEST_F(BigCloneBenchReaderTest, BrokenFunctionsAreNamedWithFileAndLine) {
  const std::string good = R"({"func": "int a() { return 1; }", "idx": "10"})"
                           "\n";
  const std::vector<std::pair<std::string, std::string>> cases = {
      {R"({"idx": "20"})", "data.missing-field"},
      {R"({"func": 3, "idx": "20"})", "data.wrong-type"},
      {R"({"func": "int b() {}", "idx": [2]})", "data.wrong-type"},
      {R"({"func": "int b() {}", "idx": "10"})", "data.duplicate-id"},
      {"{\"func\": \"\xff\", \"idx\": \"20\"}", "data.not-utf8"}};
  for (const auto& [text, code] : cases) {
    folder_.write("data.jsonl", good + text + "\n");
    const Diagnostic diagnostic = failure();
    EXPECT_EQ(diagnostic.code, code);
    ASSERT_TRUE(diagnostic.span);
    EXPECT_EQ(diagnostic.span->line, 2);
  }
}

TEST_F(BigCloneBenchReaderTest, EmptyAndMissingFilesAreErrors) {
  folder_.write("test.txt", "\n");
  EXPECT_EQ(failure().code, "data.empty-file");
  folder_.write("data.jsonl", "");
  EXPECT_EQ(failure().code, "data.empty-file");
  fs::remove(folder_ / "test.txt");
  EXPECT_EQ(failure().code, "data.missing-file");
}

TEST_F(BigCloneBenchReaderTest, ReadsTheRealDataSetWhole) {
  const fs::path folder = real_data() / "bigclonebench";
  NCMLAB_NEEDS(folder);
  const Corpus corpus = read_bigclonebench(folder, BadRecords(OnBadRecord::error));
  EXPECT_EQ(corpus.train.size(), 90'102U);
  EXPECT_EQ(corpus.valid.size(), 4'000U);
  ASSERT_EQ(corpus.test.size(), 4'000U);
  std::int64_t clones = 0;
  for (const Example& pair : corpus.test) {
    clones += pair.label;
  }
  EXPECT_NEAR(static_cast<double>(clones), 2000.0, 200.0);
}

}  // namespace
}  // namespace ncmlab
