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

[[noreturn]] void throw_write_error(const std::filesystem::path& path) {
  throw Error("io.write", "cannot write `" + path.string() + "`: " + std::strerror(errno));
}

}  // namespace

std::string read_file(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  if (!stream || std::filesystem::is_directory(path)) {
    throw Error("io.read", "cannot read `" + path.string() + "`: " +
                               (std::filesystem::is_directory(path) ? "it is a folder" : std::strerror(errno)));
  }
  std::ostringstream content;
  content << stream.rdbuf();
  return std::move(content).str();
}

void write_file_atomically(const std::filesystem::path& path, std::string_view bytes) {
  if (path.has_parent_path()) {
    std::error_code error;
    std::filesystem::create_directories(path.parent_path(), error);
  }
  const std::filesystem::path temporary = path.string() + ".tmp" + std::to_string(::getpid());
  const int file = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (file < 0) {
    throw_write_error(temporary);
  }
  std::size_t written = 0;
  while (written < bytes.size()) {
    const ssize_t count = ::write(file, bytes.data() + written, bytes.size() - written);
    if (count < 0 && errno != EINTR) {
      ::close(file);
      ::unlink(temporary.c_str());
      throw_write_error(path);
    }
    written += count > 0 ? static_cast<std::size_t>(count) : 0;
  }
  const bool flushed = ::fsync(file) == 0;
  if (::close(file) != 0 || !flushed || ::rename(temporary.c_str(), path.c_str()) != 0) {
    ::unlink(temporary.c_str());
    throw_write_error(path);
  }
}

}  // namespace ncmlab
