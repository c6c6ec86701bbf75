// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/data/json_lines.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "error_of.hpp"
#include "scratch_folder.hpp"

namespace ncmlab {
namespace {

class JsonLinesTest : public testing::Test {
 protected:
  void write(std::string_view text) const { folder_.write(file_, text); }
  /// The diagnostic that reading the file ends with; `visit` is called for each record.
  Diagnostic failure(const std::function<void(const nlohmann::json&, std::int64_t)>& visit =
                         [](const nlohmann::json&, std::int64_t) {}) const {
    return error_of([&] { for_each_json_line(file_, visit); });
  }
  void expect_failure(const Diagnostic& diagnostic, const std::string& code, int line) const {
    EXPECT_EQ(diagnostic.code, code) << diagnostic.message;
    ASSERT_TRUE(diagnostic.span);
    EXPECT_EQ(diagnostic.span->file, file_.string());
    EXPECT_EQ(diagnostic.span->line, line);
  }

  const ScratchFolder folder_;
  const std::filesystem::path file_ = folder_ / "records.jsonl";
};

TEST_F(JsonLinesTest, PassesOverBlankLinesAndKeepsLineNumbers) {
  write("{\"a\":1}\r\n\n  \t\r\n{\"a\":2}");
  std::vector<std::pair<std::int64_t, std::int64_t>> seen;
  for_each_json_line(file_, [&](const nlohmann::json& record, std::int64_t line) {
    seen.emplace_back(line, integer_field(record, "a", file_, line));
  });
  EXPECT_THAT(seen, testing::ElementsAre(testing::Pair(1, 1), testing::Pair(4, 2)));
}

TEST_F(JsonLinesTest, NamesTheLineOfBrokenJson) {
  write("{\"a\":1}\n{\"a\":}\n");
  const Diagnostic diagnostic = failure();
  expect_failure(diagnostic, "data.not-json", 2);
  EXPECT_EQ(diagnostic.span->column, 6);
  EXPECT_EQ(diagnostic.span->source_line, "{\"a\":}");
}

TEST_F(JsonLinesTest, NamesTheLineOfATruncatedRecord) {
  write("{\"a\":1}\n\n{\"func\":\"int f(");
  const Diagnostic diagnostic = failure();
  expect_failure(diagnostic, "data.not-json", 3);
  EXPECT_THAT(diagnostic.message, testing::HasSubstr("ends too early"));
}

TEST_F(JsonLinesTest, RejectsTwoRecordsOnOneLine) {
  write("{\"a\":1}{\"a\":2}\n");
  expect_failure(failure(), "data.not-json", 1);
}

TEST_F(JsonLinesTest, RejectsWhatIsNoObject) {
  write("[1,2]\n");
  const Diagnostic diagnostic = failure();
  expect_failure(diagnostic, "data.not-object", 1);
  EXPECT_THAT(diagnostic.message, testing::HasSubstr("array"));
}

TEST_F(JsonLinesTest, RejectsNumbersOutOfRange) {
  write("{\"a\":1e999}\n");
  expect_failure(failure(), "data.not-json", 1);
}

TEST_F(JsonLinesTest, RejectsIllFormedUtf8) {
  const std::vector<std::string> bad = {
      "\x80", "\xC3", "\xC0\xAF", "\xE0\x80\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xFF"};
  for (const std::string& bytes : bad) {
    write("{\"a\":1}\n{\"\xC3\xA9\":\"" + bytes + "\"}\n");
    const Diagnostic diagnostic = failure();
    expect_failure(diagnostic, "data.not-utf8", 2);
    EXPECT_EQ(diagnostic.span->column, 7) << "columns count code points";
  }
}

TEST_F(JsonLinesTest, AcceptsTheEdgesOfUtf8) {
  const std::string text = "\xC2\x80 \xED\x9F\xBF \xEE\x80\x80 \xF0\x90\x80\x80 \xF4\x8F\xBF\xBF";
  write("{\"a\":\"" + text + "\"}\n");
  std::string seen;
  for_each_json_line(file_, [&](const nlohmann::json& record, std::int64_t line) {
    seen = string_field(record, "a", file_, line);
  });
  EXPECT_EQ(seen, text);
}

TEST_F(JsonLinesTest, NamesAMissingFieldAndASimilarOne) {
  write("{\"target\":1}\n{\"targt\":1}\n");
  const Diagnostic diagnostic = failure([&](const nlohmann::json& record, std::int64_t line) {
    integer_field(record, "target", file_, line);
  });
  expect_failure(diagnostic, "data.missing-field", 2);
  ASSERT_EQ(diagnostic.help.size(), 1U);
  EXPECT_THAT(diagnostic.help[0], testing::HasSubstr("`targt`"));
}

TEST_F(JsonLinesTest, NamesAWrongType) {
  const std::vector<std::string> bad = {"\"1\"", "1.0", "true",
                                        "null",  "[1]", "18446744073709551615"};
  for (const std::string& value : bad) {
    write("{\"label\":" + value + "}\n");
    expect_failure(failure([&](const nlohmann::json& record, std::int64_t line) {
                     integer_field(record, "label", file_, line);
                   }),
                   "data.wrong-type", 1);
  }
  write("{\"func\":7}\n");
  expect_failure(failure([&](const nlohmann::json& record, std::int64_t line) {
                   string_field(record, "func", file_, line);
                 }),
                 "data.wrong-type", 1);
}

TEST_F(JsonLinesTest, NamesAFileThatIsNotThere) {
  try {
    for_each_json_line(file_ / "missing", [](const nlohmann::json&, std::int64_t) {});
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.diagnostics()[0].code, "data.cannot-read");
    EXPECT_THAT(error.what(), testing::HasSubstr((file_ / "missing").string()));
  }
}

TEST_F(JsonLinesTest, ReadsOtherLinesWithoutTheBlanksAtTheirEnds) {
  write(" a\t1 \r\n\nbad\nb\nc\n");
  BadRecords bad(OnBadRecord::skip);
  std::vector<std::string> lines;
  const auto take = [&](const std::string& text, std::int64_t line) {
    if (text == "bad") {
      fail_duplicate(text, file_, line);
    }
    lines.push_back(std::to_string(line) + ":" + text);
  };
  for_each_text_line(file_, bad, take, [&] { return lines.size() == 2; });
  EXPECT_THAT(lines, testing::ElementsAre("1: a\t1", "4:b"));
  EXPECT_EQ(bad.count(), 1);
}

TEST_F(JsonLinesTest, ManyTruncationsNeverCrash) {
  const std::string whole =
      R"({"id":"x","code":"int f(void) { return \"\u00e9\\\"; }","other_code":"","query":"",)"
      R"("label":-3,"language":"c"})";
  for (std::size_t length = 1; length < whole.size(); ++length) {
    write(whole.substr(0, length));
    EXPECT_THROW(read_examples(file_), Error) << length;
  }
  write(whole);
  EXPECT_EQ(read_examples(file_).at(0).label, -3);
}

TEST_F(JsonLinesTest, WrittenExamplesReadBackEqual) {
  const std::vector<Example> examples = {
      {.id = "1",
       .code = "int f() { return '\\n'; }\n\ttail \"q\" \xC3\xA9",
       .query = "gets \xC3\xA9",
       .label = 1},
      {.id = "2",
       .code = "",
       .other_code = "def g(): pass",
       .label = -5,
       .language = Language::python}};
  write_examples(file_, examples);
  EXPECT_EQ(read_examples(file_), examples);
}

TEST_F(JsonLinesTest, RefusesToWriteWhatIsNotUtf8) {
  EXPECT_THROW(write_examples(file_, {{.id = "1", .code = "\xFF"}}), Error);
  EXPECT_FALSE(std::filesystem::exists(file_));
}

TEST_F(JsonLinesTest, RejectsAnUnknownLanguage) {
  write(R"({"id":"x","code":"","other_code":"","query":"","label":0,"language":"cobol"})");
  EXPECT_THROW(read_examples(file_), Error);
}

TEST(FingerprintTest, ChangesWithEachFieldAndTheOrder) {
  const std::vector<Example> base = {{.id = "1", .code = "a"}, {.id = "2", .code = "b"}};
  EXPECT_EQ(fingerprint(base), fingerprint(base));
  std::vector<std::vector<Example>> others(8, base);
  others[0][0].id = "3";
  others[1][0].code = "c";
  others[2][0].other_code = "c";
  others[3][0].query = "c";
  others[4][0].label = 1;
  others[5][0].language = Language::java;
  std::swap(others[6][0], others[6][1]);
  others[7].pop_back();
  for (const auto& other : others) {
    EXPECT_NE(fingerprint(other), fingerprint(base));
  }
}

TEST(FingerprintTest, KeepsTheStreamsOfAttacksFromVersionToVersion) {
  EXPECT_EQ(
      fingerprint(
          {{.id = "1", .code = "f", .other_code = "g", .label = 1, .language = Language::java},
           {.id = "2",
            .code = "h",
            .query = "opens a file",
            .label = 0,
            .language = Language::python}}),
      "ba455afba70f8b49898808e1c60bba70");
}

TEST_F(JsonLinesTest, SaysHowToGoOnWithFilesOfAnotherForm) {
  const std::string utf16("{\0\"\0a\0\"\0", 8);
  const std::pair<std::string, const char*> cases[] = {
      {"[{\"a\": 1}, {\"a\": 2}]\n", "one JSON array"},
      {"[\n{\"a\": 1}\n]\n", "one JSON array"},
      {"{\"a\": 1},\n{\"a\": 2}\n", "remove the comma"},
      {"{\n\"a\": 1\n}\n", "each object on one line"},
      {"\xFF\xFE" + utf16, "UTF-16"},
      {utf16, "UTF-16"},
      {"{\"a\": \"\xE9t\xE9\"}\n", "iconv -f LATIN1"},
      {"{\"a\": 1e999}\n", "that a double can hold"},
      {"{\"a\": " + std::string(200, '[') + std::string(200, ']') + "}\n", "nests so deep"},
      {std::string("{\"a\": \"x\0\"}", 11), "a byte 0"},
      {"func,target\nint f;,1\n", "each line holds one object"}};
  for (const auto& [text, words] : cases) {
    const auto file = folder_.write("file.jsonl", text);
    const Diagnostic problem =
        error_of([&] { for_each_json_line(file, [](const nlohmann::json&, std::int64_t) {}); });
    ASSERT_EQ(problem.help.size(), 1U) << text;
    EXPECT_NE(problem.help[0].find(words), std::string::npos) << problem.help[0];
    ASSERT_TRUE(problem.span);
    EXPECT_EQ(problem.span->line, 1);
  }
}

TEST_F(JsonLinesTest, ReadsAByteOrderMarkAndWindowsLineEnds) {
  const auto file = folder_.write("file.jsonl", "\xEF\xBB\xBF{\"a\": 1}\r\n\r\n{\"a\": 2}\r\n");
  std::vector<std::int64_t> values;
  for_each_json_line(
      file, [&](const nlohmann::json& record, std::int64_t) { values.push_back(record.at("a")); });
  EXPECT_EQ(values, (std::vector<std::int64_t>{1, 2}));
}

TEST_F(JsonLinesTest, EndsEarlyWhenThatIsEnough) {
  const auto file = folder_.write("file.jsonl", "{\"a\": 1}\n{\"a\": 2}\nno JSON\n");
  BadRecords bad(OnBadRecord::error);
  int read = 0;
  for_each_json_line(
      file, bad, [&](const nlohmann::json&, std::int64_t) { ++read; }, [&] { return read == 2; });
  EXPECT_EQ(read, 2);
}

}  // namespace
}  // namespace ncmlab
