// SPDX-License-Identifier: Apache-2.0
#include "weights/zip_archive.hpp"

#include <zlib.h>

#include <algorithm>
#include <cstdio>
#include <utility>
#include <vector>

#include "ncmlab/core/diagnostic.hpp"

namespace ncmlab {
namespace {

// Layouts: APPNOTE.TXT 6.3, sections 4.3.7 to 4.3.16.
constexpr std::string_view kLocalHeader = "PK\3\4";
constexpr std::string_view kDirectoryEntry = "PK\1\2";
constexpr std::string_view kDirectoryEnd = "PK\5\6";
constexpr std::string_view kZip64End = "PK\6\6";
constexpr std::string_view kZip64Locator = "PK\6\7";
constexpr std::uint64_t kLocalHeaderSize = 30;
constexpr std::uint64_t kDirectoryEntrySize = 46;
constexpr std::uint64_t kDirectoryEndSize = 22;
constexpr std::uint64_t kZip64EndSize = 56;
constexpr std::uint64_t kZip64LocatorSize = 20;
constexpr std::uint64_t kLongestComment = 65535;
constexpr std::uint64_t kInZip64 = 0xFFFFFFFF;

std::uint64_t number(const std::string& bytes, std::uint64_t at, int count) {
  return little_endian(bytes.data() + at, count);
}

bool has(const std::string& bytes, std::uint64_t at, std::string_view signature) {
  return std::string_view(bytes).substr(at, signature.size()) == signature;
}

/// Replaces sizes that do not fit 32 bits by those of the zip64 extra field.
bool apply_zip64(std::string_view extra, std::uint64_t& size, std::uint64_t& stored,
                 std::uint64_t& offset) {
  while (extra.size() >= 4) {
    const auto id = little_endian(extra.data(), 2);
    const auto length = little_endian(extra.data() + 2, 2);
    extra.remove_prefix(4);
    if (length > extra.size()) {
      return false;
    }
    if (id == 1) {
      std::string_view field = extra.substr(0, length);
      for (std::uint64_t* value : {&size, &stored, &offset}) {
        if (*value != kInZip64) {
          continue;
        }
        if (field.size() < 8) {
          return false;
        }
        *value = little_endian(field.data(), 8);
        field.remove_prefix(8);
      }
      return true;
    }
    extra.remove_prefix(length);
  }
  return size != kInZip64 && stored != kInZip64 && offset != kInZip64;
}

/// Goes on with a CRC-32; zlib counts in 32 bits.
std::uint32_t checksum(std::uint32_t sum, const void* bytes, std::uint64_t count) {
  constexpr std::uint64_t kPiece = std::uint64_t{1} << 30;
  const auto* at = static_cast<const Bytef*>(bytes);
  for (; count > 0;) {
    const std::uint64_t piece = std::min(count, kPiece);
    sum = static_cast<std::uint32_t>(::crc32(sum, at, static_cast<uInt>(piece)));
    at += piece;
    count -= piece;
  }
  return sum;
}

}  // namespace

ZipArchive::ZipArchive(FileReader& file) : file_(file) { read_directory(); }

void ZipArchive::fail(const std::string& what) const {
  throw Error("checkpoint.bad-zip", "`" + file_.path().string() + "` is damaged: " + what,
              {"copy or download the file again"});
}

bool ZipArchive::looks_like_zip(FileReader& file) {
  return file.size() >= 4 && file.read(0, 4, "the signature") == kLocalHeader;
}

void ZipArchive::read_directory() {
  const std::uint64_t tail_size =
      std::min(file_.size(), kLongestComment + kDirectoryEndSize + kZip64LocatorSize);
  const std::uint64_t tail_begin = file_.size() - tail_size;
  const std::string tail = file_.read(tail_begin, tail_size, "the zip directory's end");
  const std::size_t end = tail.rfind(kDirectoryEnd);
  if (end == std::string::npos || tail.size() - end < kDirectoryEndSize) {
    fail("the zip directory at its end is missing; the file was cut off");
  }
  std::uint64_t count = number(tail, end + 10, 2);
  std::uint64_t size = number(tail, end + 12, 4);
  std::uint64_t offset = number(tail, end + 16, 4);
  if (end >= kZip64LocatorSize && has(tail, end - kZip64LocatorSize, kZip64Locator)) {
    const std::uint64_t at = number(tail, end - kZip64LocatorSize + 8, 8);
    const std::string record = file_.read(at, kZip64EndSize, "the zip64 directory's end");
    if (!has(record, 0, kZip64End)) {
      fail("the zip64 directory's end is not where its locator says");
    }
    count = number(record, 32, 8);
    size = number(record, 40, 8);
    offset = number(record, 48, 8);
  }
  read_entries(file_.read(offset, size, "the zip directory"), count);
  check_layout(offset);
}

void ZipArchive::read_entries(const std::string& directory, std::uint64_t count) {
  std::uint64_t at = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    if (directory.size() - at < kDirectoryEntrySize || !has(directory, at, kDirectoryEntry)) {
      fail("entry " + std::to_string(i + 1) + " of the zip directory is garbled");
    }
    const std::uint64_t method = number(directory, at + 10, 2);
    std::uint64_t stored = number(directory, at + 20, 4);
    Entry entry{.offset = number(directory, at + 42, 4),
                .size = number(directory, at + 24, 4),
                .checksum = static_cast<std::uint32_t>(number(directory, at + 16, 4))};
    const std::uint64_t name_size = number(directory, at + 28, 2);
    const std::uint64_t extra_size = number(directory, at + 30, 2);
    const std::uint64_t comment_size = number(directory, at + 32, 2);
    at += kDirectoryEntrySize;
    if (directory.size() - at < name_size + extra_size + comment_size) {
      fail("entry " + std::to_string(i + 1) + " of the zip directory is cut off");
    }
    const std::string name = directory.substr(at, name_size);
    const auto extra = std::string_view(directory).substr(at + name_size, extra_size);
    if (!apply_zip64(extra, entry.size, stored, entry.offset)) {
      fail("the sizes of entry `" + name + "` are garbled");
    }
    if (method != 0 || stored != entry.size) {
      fail("entry `" + name + "` is compressed, which torch.save never does");
    }
    file_.check_range(entry.offset, entry.size, "entry `" + name + "`");
    has_checksums_ = has_checksums_ || entry.checksum != 0;
    if (!entries_.emplace(name, entry).second) {
      fail("entry `" + name + "` occurs twice");
    }
    at += name_size + extra_size + comment_size;
  }
}

void ZipArchive::check_layout(std::uint64_t directory_offset) {
  using Item = std::pair<const std::string, Entry>;
  std::vector<Item*> sorted;
  for (Item& item : entries_) {
    sorted.push_back(&item);
  }
  std::ranges::sort(sorted, {}, [](const Item* item) { return item->second.offset; });
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    auto& [name, entry] = *sorted[i];
    const bool is_last = i + 1 == sorted.size();
    entry.limit = is_last ? directory_offset : sorted[i + 1]->second.offset;
    // Both sizes fit the file, so the sum cannot overflow.
    if (entry.offset + kLocalHeaderSize + name.size() + entry.size > entry.limit) {
      fail("entry `" + name + "` overlaps " +
           (is_last ? "the zip directory" : "entry `" + sorted[i + 1]->first + "`"));
    }
  }
}

std::string ZipArchive::name_ending(std::string_view suffix) const {
  const std::string* found = nullptr;
  for (const auto& [name, entry] : entries_) {
    if (name.ends_with(suffix)) {
      if (found != nullptr) {
        fail("both `" + *found + "` and `" + name + "` end with `" + std::string(suffix) + "`");
      }
      found = &name;
    }
  }
  if (found == nullptr) {
    fail("it has no entry that ends with `" + std::string(suffix) + "`");
  }
  return *found;
}

const ZipArchive::Entry& ZipArchive::entry(std::string_view name) const {
  const auto found = entries_.find(name);
  if (found == entries_.end()) {
    fail("it has no entry `" + std::string(name) + "`");
  }
  return found->second;
}

std::uint64_t ZipArchive::data_offset(std::string_view name) {
  const Entry& found = entry(name);
  const std::string what = "entry `" + std::string(name) + "`";
  const std::string header = file_.read(found.offset, kLocalHeaderSize, "the header of " + what);
  if (!has(header, 0, kLocalHeader)) {
    fail("the header of " + what + " is garbled");
  }
  const std::uint64_t begin =
      found.offset + kLocalHeaderSize + number(header, 26, 2) + number(header, 28, 2);
  if (begin + found.size > found.limit) {
    fail(what + " overlaps what follows it");
  }
  return begin;
}

void ZipArchive::check_sum(std::string_view name, std::uint32_t sum) const {
  const std::uint32_t expected = entry(name).checksum;
  if (has_checksums_ && sum != expected) {
    char text[64];
    std::snprintf(text, sizeof text, "expected the CRC-32 %08x, found %08x", expected, sum);
    fail("the bytes of entry `" + std::string(name) + "` were changed: " + text);
  }
}

std::string ZipArchive::read(std::string_view name) {
  const std::string bytes =
      file_.read(data_offset(name), entry(name).size, "entry `" + std::string(name) + "`");
  check_sum(name, checksum(0, bytes.data(), bytes.size()));
  return bytes;
}

void ZipArchive::read_into(std::string_view name, std::uint64_t count, void* target) {
  const std::uint64_t size = entry(name).size;
  const std::string what = "entry `" + std::string(name) + "`";
  if (count > size) {
    fail(what + " has " + std::to_string(size) + " bytes, but " + std::to_string(count) +
         " are needed");
  }
  const std::uint64_t begin = data_offset(name);
  file_.read_into(begin, count, target, what);
  if (!has_checksums_) {
    return;
  }
  std::uint32_t sum = checksum(0, target, count);
  // The checksum is that of the whole entry.
  constexpr std::uint64_t kPiece = std::uint64_t{1} << 16;
  for (std::uint64_t at = count; at < size; at += kPiece) {
    const std::string rest = file_.read(begin + at, std::min(kPiece, size - at), what);
    sum = checksum(sum, rest.data(), rest.size());
  }
  check_sum(name, sum);
}

}  // namespace ncmlab
