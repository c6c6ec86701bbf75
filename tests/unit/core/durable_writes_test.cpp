// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/core/durable_writes.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <iterator>
#include <optional>
#include <string>

#include "error_of.hpp"
#include "ncmlab/core/files.hpp"
#include "scratch_folder.hpp"

namespace ncmlab {
namespace {

namespace fs = std::filesystem;

TEST(UnforeseeableNameTest, IsBesideThePathAndNeverTheSame) {
  const fs::path name = unforeseeable_name("folder/file.json");
  EXPECT_EQ(name.parent_path(), "folder");
  EXPECT_EQ(name.filename().string().rfind("file.json.tmp-", 0), 0U);
  EXPECT_NE(name, unforeseeable_name("folder/file.json"));
  EXPECT_LE(unforeseeable_name(std::string(255, 'x')).string().size(), 255U);
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

TEST(FolderDraftTest, IsRemovedUnlessItWasMoved) {
  const ScratchFolder folder;
  {
    const FolderDraft draft(folder / "a" / "place");
    write_file_atomically(draft.folder() / "x", "x");
  }
  EXPECT_TRUE(fs::is_empty(folder / "a"));
  FolderDraft draft(folder / "place");
  write_file_atomically(draft.folder() / "deep" / "x", "x");
  draft.move_to(folder / "place");
  EXPECT_EQ(read_file(folder / "place" / "deep" / "x"), "x");
}

TEST(FolderDraftTest, TakesNoPlaceOfAnother) {
  const ScratchFolder folder;
  folder.write("place/kept", "x");
  fs::create_directory_symlink(folder / "place", folder / "link");
  for (const char* place : {"place", "link"}) {
    std::optional<FolderDraft> draft(folder / "new");
    EXPECT_EQ(code_of([&] { draft->move_to(folder / place); }), "io.write") << place;
    draft.reset();
  }
  EXPECT_EQ(read_file(folder / "place" / "kept"), "x");
  EXPECT_EQ(std::distance(fs::directory_iterator(folder.path()), {}), 2);
}

}  // namespace
}  // namespace ncmlab
