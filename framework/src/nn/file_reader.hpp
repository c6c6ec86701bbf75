// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>

namespace ncmlab {

/// Reads ranges of a file that may be damaged: every range is checked against the file's size
/// before memory is reserved. Throws Error `io.read` or `checkpoint.truncated`.
class FileReader {
 public:
  explicit FileReader(std::filesystem::path path);

  const std::filesystem::path& path() const { return path_; }
  std::uint64_t size() const { return size_; }

  /// `what` names the range in errors.
  std::string read(std::uint64_t offset, std::uint64_t count, std::string_view what);
  void read_into(std::uint64_t offset, std::uint64_t count, void* target, std::string_view what);
  /// Throws unless [offset, offset + count) lies in the file.
  void check_range(std::uint64_t offset, std::uint64_t count, std::string_view what) const;

 private:
  std::filesystem::path path_;
  std::ifstream stream_;
  std::uint64_t size_ = 0;
};

/// The little-endian number in `count` <= 8 bytes.
std::uint64_t little_endian(const char* bytes, int count);

}  // namespace ncmlab
