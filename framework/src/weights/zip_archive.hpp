// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "weights/file_reader.hpp"

namespace ncmlab {

/// The uncompressed zip archives (zip64 included) that torch.save writes. Nothing in the file is
/// trusted: damage throws Error `checkpoint.bad-zip` or `checkpoint.truncated`. Entries may not
/// overlap, and what is read must have the checksum that the directory says.
class ZipArchive {
 public:
  struct Entry {
    std::uint64_t offset = 0;  ///< of the local header
    std::uint64_t size = 0;
    std::uint32_t checksum = 0;
    std::uint64_t limit = 0;  ///< where the next entry or the directory begins
  };

  /// `file` must outlive the archive.
  explicit ZipArchive(FileReader& file);

  /// Entries by full name (`archive/data.pkl`).
  const std::map<std::string, Entry, std::less<>>& entries() const { return entries_; }
  /// The name of the only entry that ends with `suffix`.
  std::string name_ending(std::string_view suffix) const;
  std::uint64_t size_of(std::string_view name) const { return entry(name).size; }
  std::string read(std::string_view name);
  /// The first `count` bytes of an entry, which must have as many.
  void read_into(std::string_view name, std::uint64_t count, void* target);

  /// Whether the file starts as a zip archive does.
  static bool looks_like_zip(FileReader& file);

 private:
  [[noreturn]] void fail(const std::string& what) const;
  const Entry& entry(std::string_view name) const;
  std::uint64_t data_offset(std::string_view name);
  void read_directory();
  void read_entries(const std::string& directory, std::uint64_t count);
  void check_layout(std::uint64_t directory_offset);
  void check_sum(std::string_view name, std::uint32_t sum) const;

  FileReader& file_;
  /// PyTorch can be told to write no checksums; then all are 0.
  bool has_checksums_ = false;
  std::map<std::string, Entry, std::less<>> entries_;
};

}  // namespace ncmlab
