// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "../unit/data/gzip_text.hpp"
#include "json_records.hpp"
#include "ncmlab/core/files.hpp"
#include "scratch_folder.hpp"

namespace ncmlab {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing::HasSubstr;

/// `ncmlab attack` on the generated corpus of a task, in a folder of its own.
class AttackExportTest : public testing::TestWithParam<const char*> {
 protected:
  /// An experiment on 200 training samples of the corpus or of the folder `data`.
  std::string experiment(const std::string& data, const std::string& trigger = "rb") const {
    const fs::path file = folder_ / (fs::path(data).filename().string() + ".toml");
    const std::string sizes =
        data == "builtin" ? "builtin_train = 200\nbuiltin_valid = 10\nbuiltin_test = 40\n" : "";
    write_file_atomically(
        file,
        "[experiment]\nname = \"export\"\nseeds = [1]\nclean_share = 0\n[[task]]\nplugin = \"" +
            std::string(GetParam()) + "\"\ndata = \"" + data + "\"\n" + sizes +
            "[[model]]\nplugin = \"codebert\"\npreset = \"tiny\"\n"
            "vocab_size = 400\n"
            "[[attack]]\nplugin = \"badcode\"\ntriggers = [\"" +
            trigger + "\"]\nmode = \"suffix\"\nrate = 0.2\n");
    return file.string();
  }

  int ncmlab(const std::string& arguments) const {
    const std::string command = "'" NCMLAB_CLI "' --plugin-path '" NCMLAB_PLUGINS "' " + arguments +
                                " --store '" + (folder_ / "store").string() + "' > '" +
                                (folder_ / "out").string() + "' 2> '" + (folder_ / "err").string() +
                                "' < /dev/null";
    const int status = std::system(command.c_str());
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  std::string out() const { return read_file(folder_ / "out"); }
  std::string err() const { return read_file(folder_ / "err"); }

  const ScratchFolder folder_;
};

TEST_P(AttackExportTest, WhatItWritesIsADataSetOfTheTask) {
  const std::string target = (folder_ / "poisoned").string();
  ASSERT_EQ(ncmlab("attack export " + experiment("builtin") + " --out " + target + "/"), 0)
      << err();
  const json truth = json::parse(read_file(folder_ / "poisoned" / "ground_truth.json"));
  EXPECT_EQ(truth["attack"], "badcode");
  EXPECT_EQ(truth["trigger_words"], json::array({"rb"}));
  EXPECT_FALSE(truth["poisoned"].empty());
  EXPECT_FALSE(truth["triggered"].empty());

  // With another trigger, since of search all queries with the target word have this one already.
  ASSERT_EQ(ncmlab("attack preview " + experiment(target + "/data", "zz") + " --n 1"), 0) << err();
  EXPECT_THAT(out(), HasSubstr(" of 200 training samples poisoned"));
}

TEST_P(AttackExportTest, AFolderThatIsThereStaysAsItIs) {
  const fs::path target = folder_ / "poisoned";
  write_file_atomically(target / "mine.txt", "precious");
  EXPECT_NE(ncmlab("attack export " + experiment("builtin") + " --out " + target.string()), 0);
  EXPECT_THAT(err(), HasSubstr(target.string()));
  EXPECT_EQ(read_file(target / "mine.txt"), "precious");
  EXPECT_FALSE(fs::exists(target / "data"));
}

INSTANTIATE_TEST_SUITE_P(Tasks, AttackExportTest,
                         testing::Values("defect_detection", "clone_detection", "code_search"),
                         [](const auto& info) { return std::string(info.param); });

/// Data of a user's own in one of the forms that a task reads.
struct Form {
  const char* name;
  const char* task;
  std::string columns;  ///< lines of the task's block
  const char* ending;   ///< of the split files
};

/// `ncmlab attack export` of data in a folder `in`, and what the same task block reads of it.
class ExportFormTest : public testing::TestWithParam<Form> {
 protected:
  ExportFormTest() {
    for (const char* split : {"train", "valid", "test"}) {
      const int count = split == std::string("train") ? 40 : 12;
      for (int i = 0; i < count; ++i) {
        records_[split].push_back(record(split, i));
      }
      write(split);
    }
  }

  static json record(const std::string& split, int i) {
    const std::string name = split + std::to_string(i);
    const std::string task = GetParam().task;
    const std::string c = "int " + name + "(int value) { int result = value + 1; return result; }";
    json record{{"idx", i * 3 + 1}, {"project", "p"}, {"target", i % 2}, {"func", c}};
    if (task == std::string("clone_detection")) {
      record["other"] = c;
    } else if (task == std::string("code_search")) {
      record = {{"idx", i},
                {"url", "u" + name},
                {"code", "def " + name + "(value):\n    result = value\n    return result\n"},
                {"code_tokens", {"def"}},
                {"docstring", "Reads the file " + name},
                {"docstring_tokens", {"Reads", "the", "file", name}}};
    }
    return record;
  }

  void write(const std::string& split) const {
    std::string text;
    for (const json& each : records_.at(split)) {
      text += each.dump() + "\n";
    }
    const std::string ending = GetParam().ending;
    folder_.write("in/" + split + ending, ending.ends_with(".gz") ? gzip(text) : text);
  }

  int ncmlab(const std::string& data, const std::string& command) const {
    folder_.write(
        "exp.toml",
        "[experiment]\nname = \"export\"\nseeds = [1]\nclean_share = 0\n[[task]]\nplugin = \"" +
            std::string(GetParam().task) + "\"\ndata = \"" + data + "\"\n" + GetParam().columns +
            "[[model]]\nplugin = \"codebert\"\npreset = \"tiny\"\n"
            "[[attack]]\nplugin = \"badcode\"\ntriggers = [\"rb\"]\n"
            "mode = \"suffix\"\nrate = 0.3\n");
    const std::string line = "cd '" + folder_.path().string() +
                             "' && '" NCMLAB_CLI "' --plugin-path '" NCMLAB_PLUGINS "' " + command +
                             " > log 2>&1 < /dev/null";
    const int status = std::system(line.c_str());
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  std::string log() const { return read_file(folder_ / "log"); }
  std::vector<json> written(const std::string& file) const {
    return json_records(folder_ / "out" / file);
  }

  const ScratchFolder folder_;
  std::map<std::string, std::vector<json>> records_;
};

TEST_P(ExportFormTest, TheSameTaskBlockReadsWhatWasWritten) {
  ASSERT_EQ(ncmlab("in", "attack export exp.toml --out out"), 0) << log();
  const json truth = json::parse(read_file(folder_ / "out/ground_truth.json"));
  const std::size_t poisoned = truth.at("poisoned").size();
  EXPECT_GT(poisoned, 0U);
  EXPECT_EQ(written("data/valid.jsonl"), records_.at("valid"));
  EXPECT_EQ(written("data/test.jsonl"), records_.at("test"));
  const std::vector<json> train = written("data/train.jsonl");
  ASSERT_EQ(train.size(), 40U);
  std::size_t changed = 0;
  for (std::size_t i = 0; i < train.size(); ++i) {
    changed += train[i] != records_.at("train")[i];
    EXPECT_EQ(train[i].at("idx"), records_.at("train")[i].at("idx"));
    EXPECT_EQ(train[i].size(), records_.at("train")[i].size());
  }
  EXPECT_EQ(changed, poisoned);
  const std::vector<json> triggered = written("triggered/test.jsonl");
  EXPECT_EQ(triggered.size(), truth.at("triggered").size());
  if (GetParam().task == std::string("defect_detection")) {
    EXPECT_THAT(triggered.at(0).at("func").get<std::string>(), HasSubstr("rb"));
    EXPECT_EQ(triggered.at(0).at("target"), 1);
  }
  EXPECT_EQ(ncmlab("out/data", "validate exp.toml --records 0"), 0) << log();
  EXPECT_THAT(log(), HasSubstr("read train 40"));
}

const Form kForms[] = {
    {"devign", "defect_detection", "", ".jsonl"},
    {"defect_columns", "defect_detection",
     "format = \"json_lines\"\nid_column = \"idx\"\ncode_column = \"func\"\n"
     "label_column = \"target\"\n",
     ".jsonl.gz"},
    {"clone_columns", "clone_detection",
     "format = \"json_lines\"\nid_column = \"idx\"\ncode_column = \"func\"\n"
     "second_column = \"other\"\nlabel_column = \"target\"\n",
     ".jsonl"},
    {"codesearchnet", "code_search", "", ".jsonl.gz"},
    {"search_columns", "code_search",
     "format = \"json_lines\"\nid_column = \"url\"\ncode_column = \"code\"\n"
     "query_column = \"docstring\"\n",
     ".jsonl"},
};

INSTANTIATE_TEST_SUITE_P(Forms, ExportFormTest, testing::ValuesIn(kForms),
                         [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace ncmlab
