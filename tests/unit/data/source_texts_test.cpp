// SPDX-License-Identifier: Apache-2.0
#include "data/source_texts.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "error_of.hpp"
#include "ncmlab/core/files.hpp"
#include "scratch_folder.hpp"

namespace ncmlab {
namespace {

using ::testing::ElementsAre;

class SourceTextsTest : public ::testing::Test {
 protected:
  SourceTextsTest() {
    std::filesystem::create_directories(folder_.path() / "deep");
    write("b.c", "int b;");
    write("a.jsonl", "{\"func\": \"int a;\"}\n{\"func\": \"  \"}\n");
    write("deep/c.py", "c = 1");
    write("deep/empty.py", "\n");
    write("notes.txt", "no code");
  }

  void write(const std::string& name, const std::string& text) {
    write_file_atomically(folder_.path() / name, text);
  }
  SourceTexts all() const { return {.path = folder_.path(), .field = "func"}; }

  ScratchFolder folder_;
};

TEST_F(SourceTextsTest, AreThoseOfAllFilesInTheOrderOfTheirPaths) {
  EXPECT_THAT(read_source_texts(all()), ElementsAre("int a;", "int b;", "c = 1"));
  EXPECT_THAT(read_source_texts({.path = folder_.path() / "b.c"}), ElementsAre("int b;"));
  EXPECT_THAT(read_source_texts({.path = folder_.path() / "a.jsonl", .field = "func"}),
              ElementsAre("int a;"));
}

TEST_F(SourceTextsTest, FingerprintFollowsNamesBytesAndField) {
  const std::string before = fingerprint(all());
  EXPECT_EQ(fingerprint(all()), before);
  EXPECT_NE(fingerprint(SourceTexts{.path = folder_.path(), .field = "code"}), before);
  write("notes.txt", "still no code");
  EXPECT_EQ(fingerprint(all()), before);
  write("b.c", "int c;");
  EXPECT_NE(fingerprint(all()), before);
}

TEST_F(SourceTextsTest, SayWhatIsMissing) {
  const auto code = [&](const SourceTexts& texts) {
    return error_of([&] { read_source_texts(texts); }).code;
  };
  EXPECT_EQ(code({.path = folder_.path() / "nowhere"}), "language.missing-corpus");
  EXPECT_EQ(code({.path = folder_.path() / "deep" / "empty.py"}), "language.empty-corpus");
  EXPECT_EQ(code({.path = folder_.path() / "a.jsonl", .field = "code"}), "data.missing-field");
  EXPECT_EQ(error_of([&] { fingerprint(SourceTexts{.path = folder_.path() / "nowhere"}); }).code,
            "language.missing-corpus");
}

}  // namespace
}  // namespace ncmlab
