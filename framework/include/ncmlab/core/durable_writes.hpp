// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string_view>

namespace ncmlab {

/// A name beside `path` that nobody can foresee, so that nobody can put a link there first:
/// `PATH.tmp-` and 16 hexadecimal digits from the operating system. Names decide no result.
std::filesystem::path unforeseeable_name(const std::filesystem::path& path);

/// Flushes a file or a folder to the disk. A file system that cannot flush a folder is no error.
/// Throws Error `io.write`.
void flush_to_disk(const std::filesystem::path& path);

/// Writes what a person asked for under a name of theirs. A symbolic link is followed and stays, a
/// file keeps its permissions, a device or a pipe is written to; otherwise as
/// write_file_atomically(). Throws Error `io.write`.
void write_output_file(const std::filesystem::path& path, std::string_view bytes);

/// A folder in the making: nobody else's name, readable by this user alone, removed unless it was
/// moved to its place.
class FolderDraft {
 public:
  /// Makes a folder beside `target`, and the folders that `target` lies in. Throws Error
  /// `io.write`.
  explicit FolderDraft(const std::filesystem::path& target);
  ~FolderDraft();
  FolderDraft(FolderDraft&& other) noexcept;
  FolderDraft& operator=(FolderDraft&&) = delete;

  const std::filesystem::path& folder() const { return folder_; }
  /// Gives the folder its place, with the permissions of other new folders, and flushes both. The
  /// files in it must have been flushed. Throws Error `io.write`, also when `place` is taken.
  void move_to(const std::filesystem::path& place);

 private:
  std::filesystem::path folder_;
  std::filesystem::perms permissions_ = {};
};

}  // namespace ncmlab
