// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/core/files.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <functional>
#include <iterator>

#include "error_of.hpp"
#include "ncmlab/core/diagnostic.hpp"
#include "scratch_folder.hpp"

namespace ncmlab {
namespace {

class FilesTest : public testing::Test {
 protected:
  const ScratchFolder folder_;
};

std::size_t entries(const std::filesystem::path& folder) {
  return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(folder), {}));
}

TEST_F(FilesTest, ReadsBackWhatWasWritten) {
  const std::string bytes("a\0\r\n\xff", 5);
  write_file_atomically(folder_ / "file", bytes);
  EXPECT_EQ(read_file(folder_ / "file"), bytes);
  write_file_atomically(folder_ / "file", "");
  EXPECT_EQ(read_file(folder_ / "file"), "");
  EXPECT_EQ(entries(folder_.path()), 1U);
}

TEST_F(FilesTest, CreatesMissingFolders) {
  write_file_atomically(folder_ / "a" / "b" / "file", "x");
  EXPECT_EQ(read_file(folder_ / "a" / "b" / "file"), "x");
}

TEST_F(FilesTest, KeepsAnOpenOldFileWhole) {
  write_file_atomically(folder_ / "file", "old");
  std::ifstream old(folder_ / "file");
  write_file_atomically(folder_ / "file", "new content");
  std::string text;
  old >> text;
  EXPECT_EQ(text, "old");
  EXPECT_EQ(read_file(folder_ / "file"), "new content");
}

TEST_F(FilesTest, LeavesNothingBehindWhenWritingFails) {
  std::filesystem::create_directories(folder_ / "taken" / "inside");
  EXPECT_EQ(code_of([&] { write_file_atomically(folder_ / "taken", "x"); }), "io.write");
  EXPECT_EQ(entries(folder_.path()), 1U);
  EXPECT_TRUE(std::filesystem::is_directory(folder_ / "taken"));
}

TEST_F(FilesTest, WriteErrorNamesTheFile) {
  write_file_atomically(folder_ / "file", "x");
  try {
    write_file_atomically(folder_ / "file" / "below", "x");
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.diagnostics().front().code, "io.write");
    EXPECT_EQ(std::string(error.what()),
              "cannot write `" + (folder_ / "file" / "below").string() + "`: Not a directory");
  }
}

TEST_F(FilesTest, RefusesToReadWhatIsNoFile) {
  EXPECT_EQ(code_of([&] { read_file(folder_ / "missing"); }), "io.read");
  EXPECT_EQ(code_of([&] { read_file(folder_.path()); }), "io.read");
  EXPECT_EQ(code_of([&] { read_file(folder_ / std::string(5000, 'x')); }), "io.read");
  EXPECT_EQ(code_of([&] { read_file(""); }), "io.read");
}

}  // namespace
}  // namespace ncmlab
