// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

namespace ncmlab {

/// Throws Error `io.write` that names `path` and the reason, an errno.
[[noreturn]] void throw_write_error(const std::filesystem::path& path, int reason);

/// The name of a folder without the slash that may end it. A link's name with a slash stands for
/// the folder that it points to.
std::filesystem::path without_trailing_slash(const std::filesystem::path& folder);

/// A name beside `path` that nobody can foresee, so that nobody can put a link there first:
/// `PATH.tmp-` and 16 hexadecimal digits from the operating system. Names decide no result.
std::filesystem::path unforeseeable_name(const std::filesystem::path& path);

/// Makes the folders that `path` lies in. Throws Error `io.write` that names `path`.
void create_folder_of(const std::filesystem::path& path);

/// Flushes a file or a folder to the disk. A file system that cannot flush a folder is no error.
/// Throws Error `io.write`.
void flush_to_disk(const std::filesystem::path& path);

/// The same of the folder that `path` lies in, which makes the name as lasting as the content. A
/// folder that may not be read is left to the system.
void flush_folder_of(const std::filesystem::path& path);

/// A folder in the making: nobody else's name, readable by this user alone, removed unless it was
/// moved to its place.
class FolderDraft {
 public:
  /// Makes a folder beside `target`, which may end with a slash, and the folders that `target`
  /// lies in. Throws Error `io.write`.
  explicit FolderDraft(const std::filesystem::path& target);
  ~FolderDraft();
  FolderDraft(FolderDraft&& other) noexcept;
  FolderDraft& operator=(FolderDraft&&) = delete;

  const std::filesystem::path& folder() const { return folder_; }
  /// Gives the folder its place, with the permissions of other new folders, and flushes both. The
  /// files in it must have been flushed. Replaces an empty folder at `place`. Throws Error
  /// `io.write`, also for anything else there, a link to a folder included.
  void move_to(const std::filesystem::path& place);

 private:
  std::filesystem::path folder_;
  std::filesystem::perms permissions_ = {};
};

}  // namespace ncmlab
