// SPDX-License-Identifier: Apache-2.0
#include "core/durable_writes.hpp"

#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string>
#include <utility>

#include "ncmlab/core/diagnostic.hpp"

namespace ncmlab {
namespace {

namespace fs = std::filesystem;

/// Leaves room for the suffix in a name, of which file systems take 255 bytes.
constexpr std::size_t kLongestStem = 200;

/// The folder that a name lies in, of one without a folder the working folder.
fs::path folder_of(const fs::path& path) {
  return path.has_parent_path() ? path.parent_path() : fs::path(".");
}

/// Returns 0 or an errno.
int flush(const fs::path& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) {
    return errno;
  }
  const int reason = ::fsync(file) == 0 ? 0 : errno;
  ::close(file);
  // What some file systems say of a folder.
  return reason == EINVAL ? 0 : reason;
}

}  // namespace

void throw_write_error(const fs::path& path, int reason) {
  throw Error("io.write", "cannot write `" + path.string() + "`: " + std::strerror(reason));
}

fs::path without_trailing_slash(const fs::path& folder) {
  return folder.has_filename() ? folder : folder.parent_path();
}

fs::path unforeseeable_name(const fs::path& path) {
  std::uint64_t number = 0;
  if (::getrandom(&number, sizeof number, 0) != static_cast<ssize_t>(sizeof number)) {
    throw_write_error(path, errno);
  }
  std::array<char, 32> suffix{};
  std::snprintf(suffix.data(), suffix.size(), ".tmp-%016llx",
                static_cast<unsigned long long>(number));
  return path.parent_path() / (path.filename().string().substr(0, kLongestStem) + suffix.data());
}

void create_folder_of(const fs::path& path) {
  std::error_code error;
  fs::create_directories(folder_of(path), error);
  if (error) {
    throw_write_error(path, error.value());
  }
}

void flush_to_disk(const fs::path& path) {
  if (const int reason = flush(path); reason != 0) {
    throw_write_error(path, reason);
  }
}

void flush_folder_of(const fs::path& path) {
  const fs::path folder = folder_of(path);
  if (const int reason = flush(folder); reason != 0 && reason != EACCES) {
    throw_write_error(folder, reason);
  }
}

FolderDraft::FolderDraft(const fs::path& target)
    : folder_(unforeseeable_name(without_trailing_slash(target))) {
  create_folder_of(folder_);
  // Made with what the umask leaves, which is what it gets back in the end.
  if (::mkdir(folder_.c_str(), 0777) != 0) {
    throw_write_error(folder_, errno);
  }
  std::error_code error;
  permissions_ = fs::status(folder_, error).permissions();
  fs::permissions(folder_, fs::perms::owner_all, error);
}

FolderDraft::FolderDraft(FolderDraft&& other) noexcept
    : folder_(std::exchange(other.folder_, {})), permissions_(other.permissions_) {}

FolderDraft::~FolderDraft() {
  if (!folder_.empty()) {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }
}

void FolderDraft::move_to(const fs::path& place) {
  for (const auto& entry : fs::recursive_directory_iterator(folder_)) {
    if (entry.is_directory() && !entry.is_symlink()) {
      flush_to_disk(entry.path());
    }
  }
  flush_to_disk(folder_);
  const fs::path target = without_trailing_slash(place);
  create_folder_of(target);
  std::error_code error;
  fs::permissions(folder_, permissions_, error);
  fs::rename(folder_, target, error);
  if (error) {
    throw_write_error(target, error.value());
  }
  folder_.clear();
  flush_folder_of(target);
}

}  // namespace ncmlab
