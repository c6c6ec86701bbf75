// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

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
  std::string experiment(const std::string& data) const {
    const fs::path file = folder_ / (fs::path(data).filename().string() + ".toml");
    const std::string sizes =
        data == "builtin" ? "builtin_train = 200\nbuiltin_valid = 10\nbuiltin_test = 40\n" : "";
    write_file_atomically(
        file,
        "[experiment]\nname = \"export\"\nseeds = [1]\nclean_share = 0\n[[task]]\nplugin = \"" +
            std::string(GetParam()) + "\"\ndata = \"" + data + "\"\n" + sizes +
            "[[model]]\nplugin = \"codebert\"\npreset = \"tiny\"\n"
            "vocab_size = 400\n"
            "[[attack]]\nplugin = \"badcode\"\ntriggers = [\"rb\"]\n"
            "mode = \"suffix\"\nrate = 0.2\n");
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
  ASSERT_EQ(ncmlab("attack export " + experiment("builtin") + " --out " + target), 0) << err();
  const json truth = json::parse(read_file(folder_ / "poisoned" / "ground_truth.json"));
  EXPECT_EQ(truth["attack"], "badcode");
  EXPECT_EQ(truth["trigger_words"], json::array({"rb"}));
  EXPECT_FALSE(truth["poisoned"].empty());
  EXPECT_FALSE(truth["triggered"].empty());

  ASSERT_EQ(ncmlab("attack preview " + experiment(target + "/data") + " --n 1"), 0) << err();
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

}  // namespace
}  // namespace ncmlab
