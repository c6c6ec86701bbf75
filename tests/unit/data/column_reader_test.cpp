// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/data/column_reader.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "error_of.hpp"
#include "gzip_text.hpp"
#include "scratch_folder.hpp"

namespace ncmlab {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;

class ColumnReaderTest : public testing::Test {
 protected:
  Corpus read(OnBadRecord on_bad_record = OnBadRecord::error) const {
    return read_json_lines(folder_.path(), columns_, BadRecords(on_bad_record));
  }
  Diagnostic failure() const {
    return error_of([&] { read(); });
  }
  /// Reading `line` as the second line of the training split fails there.
  void expect_bad(const std::string& line, const std::string& code, const std::string& words) {
    folder_.write("train.jsonl", kGood + line + "\n" + kGood);
    folder_.write("test.jsonl", kGood);
    const Diagnostic diagnostic = failure();
    EXPECT_EQ(diagnostic.code, code) << diagnostic.message;
    EXPECT_THAT(diagnostic.message, HasSubstr(words));
    ASSERT_TRUE(diagnostic.span);
    EXPECT_EQ(diagnostic.span->file, (folder_ / "train.jsonl").string());
    EXPECT_EQ(diagnostic.span->line, 2);
    const Corpus corpus = read(OnBadRecord::skip);
    EXPECT_EQ(corpus.train.size() + corpus.valid.size(), 2U) << line;
    ASSERT_EQ(corpus.warnings.size(), 1U);
    EXPECT_THAT(corpus.warnings[0], HasSubstr("skipped 1 bad record: "));
    EXPECT_THAT(corpus.warnings[0], HasSubstr("train.jsonl:2: "));
    EXPECT_THAT(corpus.warnings[0], HasSubstr(words));
  }

  static inline const std::string kGood = "{\"code\": \"int f;\", \"label\": 1}\n";
  const ScratchFolder folder_;
  ColumnMapping columns_;
};

std::vector<std::string> ids(const std::vector<Example>& examples) {
  std::vector<std::string> result;
  for (const Example& example : examples) {
    result.push_back(example.id);
  }
  return result;
}

TEST_F(ColumnReaderTest, TakesTheColumnsThatItIsTold) {
  columns_ = {.code = "source", .query = "doc", .label = "kind", .id = "key", .language = "lang"};
  columns_.label_values = {"good", "bad"};
  folder_.write(
      "train.jsonl",
      R"({"key": 7, "source": "def f(): pass", "doc": "does", "kind": "bad", "lang": "python"})");
  folder_.write(
      "valid.jsonl",
      R"({"key": "x", "source": "int f;", "doc": "d", "kind": "good", "lang": "java", "more": 1})");
  folder_.write("test.jsonl",
                R"({"key": -7, "source": "int g;", "doc": "\u00e9", "kind": "good", "lang": "c"})");
  const Corpus corpus = read();
  EXPECT_THAT(corpus.train, ElementsAre(Example{.id = "7",
                                                .code = "def f(): pass",
                                                .query = "does",
                                                .label = 1,
                                                .language = Language::python}));
  EXPECT_THAT(
      corpus.valid,
      ElementsAre(Example{.id = "x", .code = "int f;", .query = "d", .language = Language::java}));
  EXPECT_THAT(corpus.test, ElementsAre(Example{.id = "-7", .code = "int g;", .query = "\u00e9"}));
  EXPECT_TRUE(corpus.warnings.empty());
}

TEST_F(ColumnReaderTest, NamesExamplesByLineWithoutAnIdColumn) {
  columns_.default_language = Language::java;
  folder_.write("train.jsonl", "\n" + kGood);
  folder_.write("valid.jsonl", kGood);
  folder_.write("test.jsonl", kGood + kGood);
  const Corpus corpus = read();
  EXPECT_THAT(ids(corpus.train), ElementsAre("train.jsonl:2"));
  EXPECT_THAT(ids(corpus.test), ElementsAre("test.jsonl:1", "test.jsonl:2"));
  EXPECT_EQ(corpus.train[0].language, Language::java);
}

TEST_F(ColumnReaderTest, ReadsGzipFiles) {
  folder_.write("train.jsonl.gz", gzip(kGood + kGood));
  folder_.write("valid.jsonl.gz", gzip(kGood));
  folder_.write("test.jsonl", kGood);
  EXPECT_EQ(read().train.size(), 2U);
  folder_.write("train.jsonl.gz", gzip(kGood + kGood).substr(0, 40));
  EXPECT_EQ(failure().code, "data.cannot-read");
  EXPECT_THAT(failure().message, HasSubstr("ends too early"));
  EXPECT_THROW(read(OnBadRecord::skip), Error) << "a file that is cut off is no bad record";
}

TEST_F(ColumnReaderTest, LabelsMayBeSpelledAsTruthValuesOrNumbers) {
  columns_.label_values = {"false", "true"};
  folder_.write("train.jsonl", R"({"code": "a", "label": true})");
  folder_.write("valid.jsonl", R"({"code": "a", "label": false})");
  folder_.write("test.jsonl", R"({"code": "a", "label": "true"})");
  EXPECT_EQ(read().train[0].label, 1);
  EXPECT_EQ(read().valid[0].label, 0);
  columns_.label_values = {"-1", "1"};
  folder_.write("train.jsonl", R"({"code": "a", "label": 1})");
  folder_.write("valid.jsonl", R"({"code": "a", "label": -1})");
  folder_.write("test.jsonl", R"({"code": "a", "label": "1"})");
  EXPECT_EQ(read().train[0].label, 1);
  EXPECT_EQ(read().valid[0].label, 0);
  columns_.label.clear();
  EXPECT_EQ(read().train[0].label, 0);
}

TEST_F(ColumnReaderTest, SplitColumnPartsOneFile) {
  columns_.split = "part";
  folder_.write("all.jsonl",
                R"({"code": "a", "label": 0, "part": "test"}
{"code": "b", "label": 0, "part": "train"}
{"code": "c", "label": 0, "part": "valid"})");
  const Corpus corpus =
      read_json_lines(folder_ / "all.jsonl", columns_, BadRecords(OnBadRecord::error));
  EXPECT_THAT(ids(corpus.test), ElementsAre("all.jsonl:1"));
  EXPECT_THAT(ids(corpus.train), ElementsAre("all.jsonl:2"));
  EXPECT_THAT(ids(corpus.valid), ElementsAre("all.jsonl:3"));
}

TEST_F(ColumnReaderTest, PartsOneFileByTheHashOfTheId) {
  columns_.id = "id";
  std::string text, reversed;
  for (int i = 0; i < 2000; ++i) {
    const std::string line = "{\"id\": " + std::to_string(i) + ", \"code\": \"a\", \"label\": 0}\n";
    text += line;
    reversed = line + reversed;
  }
  folder_.write("all.jsonl", text);
  folder_.write("reversed.jsonl", reversed);
  const Corpus corpus =
      read_json_lines(folder_ / "all.jsonl", columns_, BadRecords(OnBadRecord::error));
  EXPECT_NEAR(static_cast<double>(corpus.valid.size()), 200, 60);
  EXPECT_NEAR(static_cast<double>(corpus.test.size()), 200, 60);
  EXPECT_EQ(corpus.train.size() + corpus.valid.size() + corpus.test.size(), 2000U);
  auto backwards = ids(
      read_json_lines(folder_ / "reversed.jsonl", columns_, BadRecords(OnBadRecord::error)).test);
  std::reverse(backwards.begin(), backwards.end());
  EXPECT_EQ(backwards, ids(corpus.test));
}

TEST_F(ColumnReaderTest, HoldsOutATenthWithoutAValidationSplit) {
  std::string text;
  for (int i = 0; i < 1000; ++i) {
    text += kGood;
  }
  folder_.write("train.jsonl", text);
  folder_.write("test.jsonl", kGood);
  const Corpus corpus = read();
  EXPECT_NEAR(static_cast<double>(corpus.valid.size()), 100, 35);
  EXPECT_EQ(corpus.train.size() + corpus.valid.size(), 1000U);
}

TEST_F(ColumnReaderTest, NamesFileAndLineOfEveryKindOfBadRecord) {
  expect_bad(R"({"cod": "a", "label": 0})", "data.missing-field", "no field `code`");
  expect_bad(R"({"code": "a"})", "data.missing-field", "no field `label`");
  expect_bad(R"({"code": 7, "label": 0})", "data.wrong-type", "expected a string, found number");
  expect_bad(R"({"code": null, "label": 0})", "data.wrong-type", "expected a string, found null");
  expect_bad(R"({"code": "a", "label": "1"})", "data.wrong-type", "expected an integer");
  expect_bad(R"({"code": "a", "label": 1.0})", "data.wrong-type", "found 1.0");
  expect_bad(R"({"code": "a", "label": 2})", "data.bad-label", "expected 0 to 1, found 2");
  expect_bad(R"({"code": "a", "label": -1})", "data.bad-label", "found -1");
  expect_bad("{\"code\": \"\xFF\", \"label\": 1}", "data.not-utf8", "expected UTF-8");
  expect_bad(R"({"code": "a")", "data.not-json", "ends too early");
  expect_bad("code, label", "data.not-json", "not JSON");
  expect_bad("[1]", "data.not-object", "array");
}

TEST_F(ColumnReaderTest, NamesBadValuesOfOptionalColumns) {
  columns_.label_values = {"no", "yes"};
  columns_.id = "id";
  columns_.language = "language";
  const std::string good = R"({"id": 1, "code": "a", "label": "no", "language": "c"})"
                           "\n";
  const auto expect = [&](const std::string& line, const std::string& code,
                          const std::string& words) {
    folder_.write("train.jsonl", good + line);
    folder_.write("test.jsonl", good);
    const Diagnostic diagnostic = failure();
    EXPECT_EQ(diagnostic.code, code);
    EXPECT_THAT(diagnostic.message, HasSubstr(words));
    EXPECT_EQ(diagnostic.span.value().line, 2);
  };
  expect(good, "data.duplicate-id", "`1` occurs twice");
  expect(R"({"id": 2, "code": "a", "label": "maybe", "language": "c"})", "data.bad-label",
         "expected `no`, `yes`, found `maybe`");
  expect(R"({"id": 2, "code": "a", "label": "no", "language": "cobol"})", "data.unknown-language",
         "`cobol`");
  expect(R"({"id": 2.5, "code": "a", "label": "no", "language": "c"})", "data.wrong-type", "`id`");
  columns_.split = "split";
  folder_.write("all.jsonl",
                R"({"id": 2, "code": "a", "label": "no", "language": "c", "split": "dev"})");
  EXPECT_EQ(code_of([&] {
              read_json_lines(folder_ / "all.jsonl", columns_, BadRecords(OnBadRecord::error));
            }),
            "data.unknown-split");
}

TEST_F(ColumnReaderTest, RejectsFilesWithoutARecord) {
  folder_.write("train.jsonl", " \n");
  folder_.write("test.jsonl", kGood);
  EXPECT_EQ(failure().code, "data.empty-file");
  EXPECT_THAT(failure().message, HasSubstr((folder_ / "train.jsonl").string()));
  folder_.write("train.jsonl", "{}\n");
  EXPECT_THROW(read(OnBadRecord::skip), Error);
}

TEST_F(ColumnReaderTest, CountsSkippedRecordsAndShowsTheFirst) {
  folder_.write("train.jsonl", kGood + "1\n2\n3\n4\n5\n");
  folder_.write("test.jsonl", kGood + "6\n");
  const Corpus corpus = read(OnBadRecord::skip);
  ASSERT_EQ(corpus.warnings.size(), 1U);
  EXPECT_THAT(corpus.warnings[0], HasSubstr("skipped 6 bad records: "));
  EXPECT_THAT(corpus.warnings[0], HasSubstr("train.jsonl:4: "));
  EXPECT_THAT(corpus.warnings[0], testing::EndsWith("; ..."));
}

TEST_F(ColumnReaderTest, SaysWhichFilesItExpects) {
  EXPECT_EQ(failure().code, "data.missing-file");
  folder_.write("train.jsonl", kGood);
  EXPECT_THAT(failure().message, HasSubstr("`test.jsonl`"));
  folder_.write("test.jsonl.gz", gzip(kGood));
  EXPECT_THAT(json_lines_files(folder_.path()),
              ElementsAre(folder_ / "train.jsonl", folder_ / "test.jsonl.gz"));
}

TEST_F(ColumnReaderTest, RefusesTextsThatAreEmptyAndLabelsThatAreNoIntegers) {
  expect_bad("{\"code\": \" \\n\", \"label\": 1}", "data.empty-text", "`code`: expected text");
  expect_bad("{\"code\": \"f\", \"label\": 1.0}", "data.wrong-type", "found 1.0");
  expect_bad("{\"code\": \"f\", \"label\": true}", "data.wrong-type", "found true");
  expect_bad("{\"code\": \"f\", \"label\": null}", "data.wrong-type", "found null");
}

TEST_F(ColumnReaderTest, ReadsOnlySoManyRecordsOfEachFile) {
  const std::string other = "{\"code\": \"int g;\", \"label\": 0}\n";
  folder_.write("train.jsonl", kGood + other + "no JSON\n");
  folder_.write("test.jsonl", kGood + kGood + kGood + other + "no JSON\n");
  const Corpus corpus =
      read_json_lines(folder_.path(), columns_, BadRecords(OnBadRecord::error), 2);
  EXPECT_EQ(corpus.train.size() + corpus.valid.size(), 2U);
  EXPECT_EQ(corpus.test.size(), 4U) << "until a second label comes";
}

}  // namespace
}  // namespace ncmlab
