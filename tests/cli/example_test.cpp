// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "run_command.hpp"

namespace ncmlab {
namespace {

/// The example.toml of every plugin, from the project's folder.
std::vector<fs::path> examples() {
  std::vector<fs::path> files;
  for (const char* kind : {"models", "tasks", "attacks", "defenses"}) {
    for (const auto& plugin : fs::directory_iterator(fs::path("plugins") / kind)) {
      if (plugin.is_directory()) {
        files.push_back(fs::absolute(plugin.path() / "example.toml"));
      }
    }
  }
  std::ranges::sort(files);
  return files;
}

class ExampleTest : public RunCommandTest, public testing::WithParamInterface<fs::path> {};

TEST_P(ExampleTest, IsRunToItsEnd) {
  ASSERT_EQ(run({"run", GetParam().string(), "--limit", "120", "--threads", "1"}), 0) << err();
  EXPECT_THAT(err(), testing::HasSubstr(" 0 failed"));
  EXPECT_THAT(out(), testing::HasSubstr("Trial run"));
}

INSTANTIATE_TEST_SUITE_P(Plugins, ExampleTest, testing::ValuesIn(examples()),
                         [](const testing::TestParamInfo<fs::path>& info) {
                           const fs::path folder = info.param.parent_path();
                           return folder.parent_path().filename().string() + "_" +
                                  folder.filename().string();
                         });

}  // namespace
}  // namespace ncmlab
