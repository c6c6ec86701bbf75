// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "ncmlab/core/files.hpp"
#include "scratch_folder.hpp"

namespace ncmlab {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

/// `ncmlab validate` and `ncmlab run` on files as people bring them along.
class ValidateDataTest : public testing::Test {
 protected:
  ValidateDataTest() {
    write_data("train", 8);
    write_data("valid", 4);
    write_data("test", 4);
  }

  void write_data(const std::string& split, int count) const {
    std::string text;
    for (int i = 0; i < count; ++i) {
      text += line(split + std::to_string(i), i % 2);
    }
    folder_.write("data/" + split + ".jsonl", text);
  }
  static std::string line(const std::string& id, int label) {
    return R"({"id": ")" + id + R"(", "text": "int f_)" + id +
           R"((int a) { return a; }", "bad": )" + std::to_string(label) + "}\n";
  }

  /// Runs a command on an experiment whose task has the lines `task` besides the columns.
  int ncmlab(const std::string& command, const std::string& task = "",
             const std::string& model = "preset = \"tiny\"\nvocab_size = 400\n") const {
    folder_.write("exp.toml",
                  "[experiment]\nname = \"mine\"\n[training]\nepochs = 1\nbatch_size = 4\n"
                  "[[task]]\nplugin = \"defect_detection\"\ndata = \"data\"\n"
                  "format = \"json_lines\"\nid_column = \"id\"\ncode_column = \"text\"\n"
                  "max_tokens = 32\n" +
                      (task.empty() ? "label_column = \"bad\"\n" : task) +
                      "[[model]]\nplugin = \"codebert\"\n" + model);
    const std::string line = "cd '" + folder_.path().string() +
                             "' && '" NCMLAB_CLI "' --plugin-path '" NCMLAB_PLUGINS "' " + command +
                             " > out 2> err < /dev/null";
    const int status = std::system(line.c_str());
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  std::string out() const { return read_file(folder_ / "out"); }
  std::string err() const { return read_file(folder_ / "err"); }

  /// Both commands refuse the data with exit code 5, this code, place and help, told once.
  void expect_refused(const std::string& code, const std::string& place, const std::string& help,
                      const std::string& task = "") const {
    for (const char* command : {"validate exp.toml", "run exp.toml"}) {
      EXPECT_EQ(ncmlab(command, task), 5) << command << "\n" << err();
      EXPECT_THAT(err(), AllOf(HasSubstr("error[" + code + "]"), HasSubstr("--> " + place),
                               HasSubstr(help)));
      EXPECT_EQ(err().find("error["), err().rfind("error[")) << err();
      EXPECT_EQ(out(), "");
    }
    EXPECT_FALSE(fs::exists(folder_ / "ncmlab-runs/objects/victim"));
  }

  const ScratchFolder folder_;
};

TEST_F(ValidateDataTest, SaysWhatItReadOfDataThatFits) {
  EXPECT_EQ(ncmlab("validate exp.toml"), 0) << err();
  EXPECT_THAT(out(), HasSubstr("read train 8 (not defective 4, defective 4)"));
}

TEST_F(ValidateDataTest, FindsAColumnThatIsNotThere) {
  expect_refused("data.missing-field", "data/train.jsonl:1", "a field with a similar name",
                 "label_column = \"bat\"\n");
}

TEST_F(ValidateDataTest, FindsALabelThatIsMissingInOneRecord) {
  folder_.write("data/test.jsonl", line("a", 0) + "{\"id\": \"b\", \"text\": \"int g;\"}\n");
  expect_refused("data.missing-field", "data/test.jsonl:2", "`bad`");
}

TEST_F(ValidateDataTest, FindsEmptyFilesAndFolders) {
  folder_.write("data/train.jsonl", "");
  expect_refused("data.empty-file", "exp.toml:8:8", "holds no record");
  fs::remove(folder_ / "data/train.jsonl");
  fs::create_directories(folder_ / "data/train.jsonl");
  expect_refused("data.missing-file", "exp.toml:8:8", "set the task's parameter `data`");
}

TEST_F(ValidateDataTest, FindsFilesOfAnotherForm) {
  folder_.write("data/train.jsonl", "[" + line("a", 0) + "]");
  expect_refused("data.not-json", "data/train.jsonl:1", "one JSON array");
  folder_.write("data/train.jsonl", std::string("\xFF\xFE{\0\"\0", 6));
  expect_refused("data.not-utf8", "data/train.jsonl:1", "UTF-16");
  folder_.write("data/train.jsonl", "id,text,bad\na,int f;,0\n");
  expect_refused("data.not-json", "data/train.jsonl:1", "each line holds one object");
  folder_.write("data/train.jsonl", "\x1f\x8bno gzip");
  expect_refused("data.cannot-read", "exp.toml:8:8", "the gzip data");
}

TEST_F(ValidateDataTest, FindsDuplicateIdsEmptyCodeAndLabelsOfAnotherType) {
  folder_.write("data/train.jsonl", line("a", 0) + line("a", 1));
  expect_refused("data.duplicate-id", "data/train.jsonl:2", "`a` occurs twice");
  folder_.write("data/train.jsonl", line("a", 0) + R"({"id": "b", "text": "", "bad": 1})");
  expect_refused("data.empty-text", "data/train.jsonl:2", "on_bad_record");
  folder_.write("data/train.jsonl", R"({"id": "b", "text": "int f;", "bad": "yes"})");
  expect_refused("data.wrong-type", "data/train.jsonl:1", "label_values");
}

TEST_F(ValidateDataTest, MissingDataNamesPathAndVariable) {
  fs::remove_all(folder_ / "data");
  EXPECT_EQ(ncmlab("validate exp.toml"), 5);
  EXPECT_THAT(err(), AllOf(HasSubstr("no data in `data`"), HasSubstr("--> exp.toml:8:8")));
  EXPECT_EQ(ncmlab("validate exp.toml --no-data"), 0) << err();
}

TEST_F(ValidateDataTest, WarnsOfASplitWithOneLabel) {
  folder_.write("data/test.jsonl", line("a", 1) + line("b", 1));
  EXPECT_EQ(ncmlab("validate exp.toml"), 0);
  EXPECT_THAT(err(), HasSubstr("warning[data.one-label]: all 2 samples of the test split"));
}

TEST_F(ValidateDataTest, ReadsAsManyRecordsAsAskedFor) {
  folder_.write("data/train.jsonl", line("a", 0) + line("b", 1) + "no JSON\n");
  EXPECT_EQ(ncmlab("validate exp.toml --records 2"), 0) << err();
  EXPECT_EQ(ncmlab("validate exp.toml --records 0"), 5);
  EXPECT_THAT(err(), HasSubstr("--> data/train.jsonl:3"));
  EXPECT_EQ(ncmlab("validate exp.toml --records -1"), 2);
}

TEST_F(ValidateDataTest, RefusesSizesBesideACheckpointAndCheckpointsThatDoNotFit) {
  EXPECT_EQ(ncmlab("validate exp.toml", "", "checkpoint = \"net\"\npreset = \"tiny\"\n"), 3);
  EXPECT_THAT(err(), HasSubstr("`preset` of model `codebert` has no effect where `checkpoint` is"));
  EXPECT_EQ(ncmlab("validate exp.toml", "", "checkpoint = \"net\"\n"), 5);
  EXPECT_THAT(
      err(), AllOf(HasSubstr("error[checkpoint.missing-folder]"), HasSubstr("--> exp.toml:16:14")));
}

TEST_F(ValidateDataTest, ARunTellsALateRecordOnceAndCountsItsCells) {
  std::string text;
  for (int i = 0; i < 1100; ++i) {
    text += line("n" + std::to_string(i), i % 2);
  }
  folder_.write("data/train.jsonl", text + "{\"id\": \"late\"}\n");
  EXPECT_EQ(ncmlab("validate exp.toml"), 0) << err();
  EXPECT_EQ(ncmlab("run exp.toml", "",
                   "preset = \"tiny\"\nvocab_size = 400\n[[defense]]\nplugin = \"none\"\n"
                   "[[model]]\nplugin = \"codebert\"\nname = \"b\"\npreset = \"tiny\"\n"),
            5);
  EXPECT_THAT(err(),
              AllOf(HasSubstr("error[data.missing-field]"), HasSubstr("--> data/train.jsonl:1101"),
                    HasSubstr("2 cells failed: data.missing-field at data/train.jsonl:1101"),
                    Not(HasSubstr("start   victim"))));
  EXPECT_EQ(err().find("the record has no field"), err().rfind("the record has no field")) << err();
}

}  // namespace
}  // namespace ncmlab
