// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/core/files.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include "ncmlab/core/diagnostic.hpp"

namespace ncmlab {
namespace {

[[noreturn]] void throw_write_error(const std::filesystem::path& path, int reason) {
  throw Error("io.write", "cannot write `" + path.string() + "`: " + std::strerror(reason));
}

// Writes and flushes; returns 0 or an errno.
int fill(int file, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(file, bytes.data(), bytes.size());
    if (count < 0 && errno != EINTR) {
      return errno;
    }
    bytes.remove_prefix(count > 0 ? static_cast<std::size_t>(count) : 0);
  }
  return ::fsync(file) == 0 ? 0 : errno;
}

}  // namespace

std::string read_file(const std::filesystem::path& path) {
  const auto fail = [&](const std::string& reason) {
    throw Error("io.read", "cannot read `" + path.string() + "`: " + reason);
  };
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) {
    fail("it is a folder");
  }
  std::ifstream stream(path, std::ios::binary);
  if (!stream) {
    fail(std::strerror(errno));
  }
  std::ostringstream content;
  content << stream.rdbuf();
  if (content.bad() || stream.bad()) {
    fail("the disk reported an error");
  }
  return std::move(content).str();
}

void write_file_atomically(const std::filesystem::path& path, std::string_view bytes) {
  if (path.has_parent_path()) {
    std::error_code error;
    std::filesystem::create_directories(path.parent_path(), error);
    if (error) {
      throw_write_error(path, error.value());
    }
  }
  const std::filesystem::path temporary = path.string() + ".tmp" + std::to_string(::getpid());
  const int file = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (file < 0) {
    throw_write_error(path, errno);
  }
  int reason = fill(file, bytes);
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
}

}  // namespace ncmlab
