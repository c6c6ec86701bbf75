// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/core/files.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <functional>
#include <iterator>

#include "error_of.hpp"
#include "ncmlab/core/diagnostic.hpp"
#include "scratch_folder.hpp"

namespace ncmlab {
namespace {

namespace fs = std::filesystem;

class FilesTest : public testing::Test {
 protected:
  const ScratchFolder folder_;
};

std::size_t entries(const fs::path& folder) {
  return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder), {}));
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

TEST_F(FilesTest, WritesIntoAFolderThatMayNotBeRead) {
  fs::create_directory(folder_ / "box");
  fs::permissions(folder_ / "box", fs::perms::owner_write | fs::perms::owner_exec);
  write_file_atomically(folder_ / "box" / "file", "x");
  EXPECT_EQ(read_file(folder_ / "box" / "file"), "x");
  fs::permissions(folder_ / "box", fs::perms::owner_all);
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
  fs::create_directories(folder_ / "taken" / "inside");
  EXPECT_EQ(code_of([&] { write_file_atomically(folder_ / "taken", "x"); }), "io.write");
  EXPECT_EQ(entries(folder_.path()), 1U);
  EXPECT_TRUE(fs::is_directory(folder_ / "taken"));
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

TEST(WriteOutputFileTest, FollowsALinkOfTheUserAndKeepsPermissions) {
  const ScratchFolder folder;
  const fs::path target = folder.write("deep/table.md", "old");
  ASSERT_EQ(::chmod(target.c_str(), 0640), 0);
  fs::create_symlink("deep/table.md", folder / "link");
  fs::create_symlink("link", folder / "second");
  write_output_file(folder / "second", "new");
  EXPECT_TRUE(fs::is_symlink(folder / "second"));
  EXPECT_TRUE(fs::is_symlink(folder / "link"));
  EXPECT_EQ(read_file(target), "new");
  EXPECT_EQ(fs::status(target).permissions(), fs::perms(0640));
  fs::create_symlink("made.md", folder / "dangling");
  write_output_file(folder / "dangling", "new");
  EXPECT_EQ(read_file(folder / "made.md"), "new");
}

TEST(WriteOutputFileTest, WritesToADeviceAndLeavesItThere) {
  const ScratchFolder folder;
  const fs::path pipe = folder / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  const int reader = ::open(pipe.c_str(), O_RDONLY | O_NONBLOCK);
  write_output_file(pipe, "table");
  std::array<char, 16> read{};
  EXPECT_EQ(::read(reader, read.data(), read.size()), 5);
  ::close(reader);
  EXPECT_TRUE(fs::is_fifo(pipe));
  EXPECT_EQ(code_of([] { write_output_file("/dev/full", "table"); }), "io.write");
}

}  // namespace
}  // namespace ncmlab
