// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/core/files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <optional>
#include <sstream>

#include "core/durable_writes.hpp"
#include "core/open_file.hpp"
#include "ncmlab/core/diagnostic.hpp"

namespace ncmlab {
namespace {

/// As many symbolic links in a row as Linux follows.
constexpr int kMostLinks = 40;

/// Returns 0 or an errno.
int fill(int file, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(file, bytes.data(), bytes.size());
    if (count < 0 && errno != EINTR) {
      return errno;
    }
    bytes.remove_prefix(count > 0 ? static_cast<std::size_t>(count) : 0);
  }
  return 0;
}

void write_to_device(const std::filesystem::path& path, std::string_view bytes) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
  int reason = file < 0 ? errno : fill(file, bytes);
  if (file >= 0 && ::close(file) != 0 && reason == 0) {
    reason = errno;
  }
  if (reason != 0) {
    throw_write_error(path, reason);
  }
}

/// Makes missing folders, writes under a name of its own, flushes and renames.
void replace_file(const std::filesystem::path& path, std::string_view bytes,
                  std::optional<mode_t> permissions) {
  create_folder_of(path);
  const std::filesystem::path temporary = unforeseeable_name(path);
  const int file =
      ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
  if (file < 0) {
    throw_write_error(path, errno);
  }
  int reason = fill(file, bytes);
  if (reason == 0 && permissions && ::fchmod(file, *permissions) != 0) {
    reason = errno;
  }
  if (reason == 0 && ::fsync(file) != 0) {
    reason = errno;
  }
  if (::close(file) != 0 && reason == 0) {
    reason = errno;
  }
  if (reason == 0 && ::rename(temporary.c_str(), path.c_str()) != 0) {
    reason = errno;
  }
  if (reason != 0) {
    ::unlink(temporary.c_str());
    throw_write_error(path, reason);
  }
  flush_folder_of(path);
}

}  // namespace

std::ifstream open_file(const std::filesystem::path& path, std::string code) {
  std::error_code ignored;
  const bool is_folder = std::filesystem::is_directory(path, ignored);
  std::ifstream stream(path, std::ios::binary);
  if (!stream || is_folder) {
    throw Error(std::move(code), "cannot read `" + path.string() +
                                     "`: " + (is_folder ? "it is a folder" : std::strerror(errno)));
  }
  return stream;
}

std::string read_file(const std::filesystem::path& path) {
  std::ifstream stream = open_file(path);
  std::ostringstream content;
  content << stream.rdbuf();
  if (content.bad() || stream.bad()) {
    throw Error("io.read", "cannot read `" + path.string() + "`: the disk reported an error");
  }
  return std::move(content).str();
}

void write_file_atomically(const std::filesystem::path& path, std::string_view bytes) {
  replace_file(path, bytes, std::nullopt);
}

void write_output_file(const std::filesystem::path& path, std::string_view bytes) {
  std::filesystem::path target = path;
  std::error_code error;
  for (int links = 0; links < kMostLinks && std::filesystem::is_symlink(target, error); ++links) {
    const std::filesystem::path named = std::filesystem::read_symlink(target, error);
    target = named.is_absolute() ? named : target.parent_path() / named;
  }
  const std::filesystem::file_status status = std::filesystem::status(path, error);
  const bool is_device = std::filesystem::exists(status) && std::filesystem::is_other(status);
  if (is_device) {
    write_to_device(path, bytes);
  } else if (std::filesystem::is_regular_file(status)) {
    replace_file(target, bytes, static_cast<mode_t>(status.permissions()));
  } else {
    replace_file(target, bytes, std::nullopt);
  }
}

}  // namespace ncmlab
