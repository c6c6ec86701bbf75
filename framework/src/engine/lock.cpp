// SPDX-License-Identifier: Apache-2.0
#include "engine/lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string>

#include "core/durable_writes.hpp"
#include "engine/store_path.hpp"
#include "ncmlab/core/diagnostic.hpp"

namespace ncmlab {
namespace {

std::string holder(int file) {
  std::array<char, 256> text{};
  const ssize_t size = ::pread(file, text.data(), text.size() - 1, 0);
  return size > 0 ? std::string(text.data(), static_cast<std::size_t>(size)) : "another process";
}

std::string this_process() {
  std::array<char, 128> host{};
  ::gethostname(host.data(), host.size() - 1);
  return "process " + std::to_string(::getpid()) + " on host " + host.data();
}

/// The lock is written to, so it must be a file that has no other name.
void refuse_foreign_file(int file, const std::filesystem::path& path) {
  struct stat status {};
  if (::fstat(file, &status) != 0 || !S_ISREG(status.st_mode) || status.st_nlink != 1) {
    ::close(file);
    refuse_path(path, S_ISREG(status.st_mode) ? "a link to another file" : "no file");
  }
}

}  // namespace

StoreLock::StoreLock(const std::filesystem::path& store) {
  std::error_code error;
  std::filesystem::create_directories(store, error);
  const std::filesystem::path path = store / "lock";
  file_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0666);
  if (file_ < 0) {
    if (errno == ELOOP) {
      refuse_path(path, "a symbolic link");
    }
    throw Error("io.write", "cannot write `" + path.string() + "`: " + std::strerror(errno),
                {"choose another folder with `--store DIR`"});
  }
  refuse_foreign_file(file_, path);
  if (::flock(file_, LOCK_EX | LOCK_NB) != 0) {
    const std::string who = holder(file_);
    ::close(file_);
    throw Error("store.locked", "the store `" + store.string() + "` is in use by " + who,
                {"wait until that run has ended, or choose another store with `--store DIR`"});
  }
  const std::string who = this_process();
  if (::ftruncate(file_, 0) != 0 ||
      ::pwrite(file_, who.data(), who.size(), 0) != static_cast<ssize_t>(who.size())) {
    ::close(file_);
    throw_write_error(path, errno);
  }
}

StoreLock::~StoreLock() { ::close(file_); }

}  // namespace ncmlab
