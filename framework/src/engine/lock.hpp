// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

namespace ncmlab {

/// Keeps a store to one run at a time. The lock is the operating system's and ends with the
/// process, however that ends; the file only says who holds it.
class StoreLock {
 public:
  /// Throws Error `store.locked` that names the holder's process and host.
  explicit StoreLock(const std::filesystem::path& store);
  ~StoreLock();
  StoreLock(const StoreLock&) = delete;
  StoreLock& operator=(const StoreLock&) = delete;

 private:
  int file_ = -1;
};

}  // namespace ncmlab
