// SPDX-License-Identifier: Apache-2.0
#include "core/durable_writes.hpp"

#include <gtest/gtest.h>

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

TEST(FlushTest, TakesFilesAndFoldersAndNamesWhatIsMissing) {
  const ScratchFolder folder;
  const fs::path file = folder.write("deep/file", "x");
  EXPECT_NO_THROW(flush_to_disk(file));
  EXPECT_NO_THROW(flush_to_disk(folder / "deep"));
  EXPECT_NO_THROW(flush_folder_of(file));
  EXPECT_NO_THROW(flush_folder_of("name"));
  // A file system that flushes nothing.
  EXPECT_NO_THROW(flush_folder_of("/proc/self/status"));
  const Diagnostic missing = error_of([&] { flush_folder_of(folder / "absent" / "file"); });
  EXPECT_EQ(missing.code, "io.write");
  EXPECT_NE(missing.message.find("absent`: No such file"), std::string::npos) << missing.message;
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

TEST(FolderDraftTest, ASlashAtTheEndChangesNothing) {
  const ScratchFolder folder;
  {
    FolderDraft draft(folder / "a" / "place/");
    EXPECT_EQ(draft.folder().parent_path(), folder / "a");
    EXPECT_FALSE(fs::exists(folder / "a" / "place"));
    write_file_atomically(draft.folder() / "x", "x");
    draft.move_to(folder / "a" / "place//");
  }
  EXPECT_EQ(read_file(folder / "a" / "place" / "x"), "x");
  EXPECT_EQ(std::distance(fs::directory_iterator(folder / "a"), {}), 1);
}

TEST(FolderDraftTest, ReplacesAnEmptyFolderAndNoLinkToOne) {
  const ScratchFolder folder;
  fs::create_directory(folder / "empty");
  fs::create_directory_symlink("empty", folder / "link");
  FolderDraft draft(folder / "new");
  write_file_atomically(draft.folder() / "x", "x");
  for (const char* place : {"link", "link/"}) {
    EXPECT_EQ(code_of([&] { draft.move_to(folder / place); }), "io.write") << place;
  }
  EXPECT_TRUE(fs::is_empty(folder / "empty"));
  draft.move_to(folder / "empty");
  EXPECT_EQ(read_file(folder / "empty" / "x"), "x");
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
