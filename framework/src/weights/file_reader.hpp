// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

namespace ncmlab {

/// Reads ranges of a file, or of its bytes in memory, that may be damaged: every range is checked
/// against the size before memory is reserved. Throws Error `io.read` or `checkpoint.truncated`.
class FileReader {
 public:
  explicit FileReader(std::filesystem::path path);
  /// Of `bytes`, which must outlive the reader; `name` stands in errors.
  FileReader(std::filesystem::path name, std::string_view bytes);

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
  const char* bytes_ = nullptr;  ///< instead of the stream
  std::uint64_t size_ = 0;
};

/// The little-endian number in `count` <= 8 bytes.
std::uint64_t little_endian(const char* bytes, int count);

}  // namespace ncmlab
