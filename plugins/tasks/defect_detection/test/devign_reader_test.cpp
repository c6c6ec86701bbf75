// SPDX-License-Identifier: Apache-2.0
#include "devign_reader.hpp"

#include <gtest/gtest.h>

#include "error_of.hpp"
#include "scratch_folder.hpp"
#include "shared_data.hpp"

namespace ncmlab {
namespace {

namespace fs = std::filesystem;

class DevignReaderTest : public ::testing::Test {
 protected:
  Diagnostic failure() const {
    return error_of([&] { read_devign(folder_.path()); });
  }
  const ScratchFolder folder_;
};

std::string record(int idx, int target) {
  return R"({"func": "int f(void) { return )" + std::to_string(idx) + R"(; }", "target": )" +
         std::to_string(target) + R"(, "idx": )" + std::to_string(idx) + "}\n";
}

TEST_F(DevignReaderTest, HoldsOutATenthByIdWhereThereIsNoValidationSplit) {
  std::string train;
  for (int i = 0; i < 1000; ++i) {
    train += record(i, i % 2);
  }
  folder_.write("train.jsonl", train);
  folder_.write("test.jsonl", record(5000, 1));
  const Corpus corpus = read_devign(folder_.path());
  EXPECT_EQ(corpus.train.size() + corpus.valid.size(), 1000U);
  EXPECT_NEAR(static_cast<double>(corpus.valid.size()), 100.0, 35.0);
  EXPECT_EQ(corpus.test.size(), 1U);
  EXPECT_EQ(corpus.test[0].id, "devign-5000");
  EXPECT_EQ(corpus.test[0].label, 1);
}

TEST_F(DevignReaderTest, TakesTheValidationSplitThatIsThere) {
  folder_.write("train.jsonl", record(1, 0) + record(2, 1));
  folder_.write("valid.jsonl", record(3, 1));
  folder_.write("test.jsonl", record(4, 0));
  const Corpus corpus = read_devign(folder_.path());
  EXPECT_EQ(corpus.train.size(), 2U);
  ASSERT_EQ(corpus.valid.size(), 1U);
  EXPECT_EQ(corpus.valid[0].id, "devign-3");
}

TEST_F(DevignReaderTest, ReadsFunctionJsonWithIdLists) {
  folder_.write(
      "function.json",
      R"([{"func": "a", "target": 0}, {"func": "b", "target": 1}, {"func": "c", "target": 1}])");
  folder_.write("train.txt", "2\n");
  folder_.write("valid.txt", "0\n");
  folder_.write("test.txt", "1\n");
  const Corpus corpus = read_devign(folder_.path());
  EXPECT_EQ(corpus.train.at(0).code, "c");
  EXPECT_EQ(corpus.valid.at(0).code, "a");
  EXPECT_EQ(corpus.test.at(0).code, "b");
}

TEST_F(DevignReaderTest, FunctionJsonThatIsNoGoodJsonIsNamedWithThePlace) {
  for (const char* list : {"train.txt", "valid.txt", "test.txt"}) {
    folder_.write(list, "0\n");
  }
  const std::string function = R"({"func": "a", "target": 0})";
  const auto problem = [&](const std::string& text) {
    folder_.write("function.json", text);
    Diagnostic diagnostic = failure();
    EXPECT_EQ(diagnostic.code, "data.bad-json");
    EXPECT_EQ(diagnostic.help.size(), 1U);
    return diagnostic;
  };
  const Diagnostic cut = problem("[" + function + ",\n" + function + ",\n{\"func");
  EXPECT_EQ(cut.message, "no valid JSON at byte 63");
  EXPECT_EQ(cut.span->line, 3);
  const Diagnostic number = problem("[" + function + ",\n{\"size\": -1e999}]");
  EXPECT_EQ(number.message, "a number out of range at byte 45");
  EXPECT_EQ(number.span->line, 2);
  const Diagnostic deep =
      problem("[" + function + "," + std::string(200'000, '[') + std::string(200'000, ']') + "]");
  EXPECT_NE(deep.message.find("function.json"), std::string::npos);
  EXPECT_NE(deep.message.find("more than 100 levels deep"), std::string::npos);
}

TEST_F(DevignReaderTest, PositionWithoutAFunctionIsNamedWithItsLine) {
  folder_.write("function.json", R"([{"func": "a", "target": 0}])");
  folder_.write("train.txt", "0\n7\n");
  folder_.write("valid.txt", "0\n");
  folder_.write("test.txt", "0\n");
  const Diagnostic diagnostic = failure();
  EXPECT_EQ(diagnostic.code, "data.id-without-function");
  EXPECT_EQ(diagnostic.span->line, 2);
}

TEST_F(DevignReaderTest, FunctionJsonThatIsCutShortIsNamedWithItsLine) {
  folder_.write("function.json", "[\n{\"func\": \"a\", \"target\": 0},\n{\"func\": \"b");
  for (const char* list : {"train.txt", "valid.txt", "test.txt"}) {
    folder_.write(list, "0\n");
  }
  const Diagnostic diagnostic = failure();
  EXPECT_EQ(diagnostic.code, "data.bad-json");
  EXPECT_EQ(diagnostic.span->line, 3);
  folder_.write("function.json", "{}");
  EXPECT_EQ(failure().code, "data.wrong-type");
}

TEST_F(DevignReaderTest, LabelOutsideTheClassesIsNamedWithItsLine) {
  folder_.write("train.jsonl", record(1, 0) + record(2, 2));
  folder_.write("test.jsonl", record(3, 0));
  const Diagnostic diagnostic = failure();
  EXPECT_EQ(diagnostic.code, "data.bad-label");
  EXPECT_EQ(diagnostic.span->line, 2);
}

TEST_F(DevignReaderTest, MissingFieldWrongTypeDuplicateAndEmptyAreErrors) {
  folder_.write("test.jsonl", record(3, 0));
  folder_.write("train.jsonl", R"({"target": 0, "idx": 1})");
  EXPECT_EQ(failure().code, "data.missing-field");
  folder_.write("train.jsonl", R"({"func": 3, "target": 0, "idx": 1})");
  EXPECT_EQ(failure().code, "data.wrong-type");
  folder_.write("train.jsonl", record(1, 0) + record(1, 1));
  EXPECT_EQ(failure().code, "data.duplicate-id");
  folder_.write("train.jsonl", "\n");
  EXPECT_EQ(failure().code, "data.empty-file");
}

TEST_F(DevignReaderTest, SkipsBadRecordsOnRequestAndCountsThem) {
  folder_.write("train.jsonl", record(1, 0) + record(2, 2) + record(1, 1) + "{}\n" + record(5, 1));
  folder_.write("valid.jsonl", record(6, 1));
  folder_.write("test.jsonl", record(3, 0) + "\xFF\n");
  const Corpus corpus = read_devign(folder_.path(), BadRecords(OnBadRecord::skip));
  EXPECT_EQ(corpus.train.size(), 2U);
  EXPECT_EQ(corpus.test.size(), 1U);
  ASSERT_EQ(corpus.warnings.size(), 1U);
  EXPECT_NE(corpus.warnings[0].find("skipped 4 bad records"), std::string::npos);
  EXPECT_NE(corpus.warnings[0].find("train.jsonl:2: "), std::string::npos);
}

TEST_F(DevignReaderTest, SkipsPositionsWithoutAFunctionOnRequest) {
  folder_.write("function.json", R"([{"func": "a", "target": 0}, {"func": "b"}])");
  folder_.write("train.txt", "0\n7\n1\nx\n");
  folder_.write("valid.txt", "0\n");
  folder_.write("test.txt", "0\n");
  const Corpus corpus = read_devign(folder_.path(), BadRecords(OnBadRecord::skip));
  EXPECT_EQ(corpus.train.size(), 1U);
  ASSERT_EQ(corpus.warnings.size(), 1U);
  EXPECT_NE(corpus.warnings[0].find("skipped 3 bad records"), std::string::npos);
  folder_.write("train.txt", "1\n");
  EXPECT_EQ(failure().code, "data.missing-field");
}

TEST_F(DevignReaderTest, FolderWithoutDataSaysWhatWasExpected) {
  const Diagnostic diagnostic = failure();
  EXPECT_EQ(diagnostic.code, "data.missing-file");
  EXPECT_NE(diagnostic.message.find("train.jsonl"), std::string::npos);
}

TEST_F(DevignReaderTest, ReadsTheRealDataSetWhole) {
  const fs::path folder = real_data() / "devign";
  NCMLAB_NEEDS(folder);
  const Corpus corpus = read_devign(folder);
  EXPECT_EQ(corpus.train.size() + corpus.valid.size(), 21854U);
  EXPECT_EQ(corpus.test.size(), 2732U);
  std::int64_t defective = 0;
  for (const Example& example : corpus.test) {
    defective += example.label;
  }
  EXPECT_EQ(defective, 1255);
}

}  // namespace
}  // namespace ncmlab
