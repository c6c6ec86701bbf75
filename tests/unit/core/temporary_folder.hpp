// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <string>

namespace ncmlab {

/// A fresh folder for one test, removed at its end.
class TemporaryFolder : public testing::Test {
 protected:
  TemporaryFolder()
      : folder_(std::filesystem::path(testing::TempDir()) /
                ("ncmlab-core-" + std::to_string(::getpid()))) {
    std::filesystem::create_directories(folder_);
  }
  ~TemporaryFolder() override { std::filesystem::remove_all(folder_); }

  const std::filesystem::path folder_;
};

}  // namespace ncmlab
