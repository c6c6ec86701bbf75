// SPDX-License-Identifier: Apache-2.0
#include "weights/file_reader.hpp"

#include "core/open_file.hpp"
#include "ncmlab/core/diagnostic.hpp"

namespace ncmlab {

FileReader::FileReader(std::filesystem::path path)
    : path_(std::move(path)), stream_(open_file(path_)) {
  std::error_code code;
  size_ = std::filesystem::file_size(path_, code);
  if (code) {
    throw Error("io.read", "cannot read `" + path_.string() + "`: " + code.message());
  }
}

FileReader::FileReader(std::filesystem::path name, std::string_view bytes)
    : path_(std::move(name)), bytes_(bytes.data()), size_(bytes.size()) {}

void FileReader::check_range(std::uint64_t offset, std::uint64_t count,
                             std::string_view what) const {
  if (offset > size_ || count > size_ - offset) {
    throw Error("checkpoint.truncated",
                "`" + path_.string() + "` is damaged: " + std::string(what) + " should take " +
                    std::to_string(count) + " bytes from byte " + std::to_string(offset) +
                    ", but the file has " + std::to_string(size_),
                {"copy or download the file again"});
  }
}

void FileReader::read_into(std::uint64_t offset, std::uint64_t count, void* target,
                           std::string_view what) {
  check_range(offset, count, what);
  if (count == 0) {
    return;
  }
  if (!stream_.is_open()) {
    std::memcpy(target, bytes_ + offset, count);
    return;
  }
  stream_.clear();
  stream_.seekg(static_cast<std::streamoff>(offset));
  stream_.read(static_cast<char*>(target), static_cast<std::streamsize>(count));
  if (stream_.gcount() != static_cast<std::streamsize>(count)) {
    throw Error("io.read", "cannot read " + std::string(what) + " of `" + path_.string() + "`");
  }
}

std::string FileReader::read(std::uint64_t offset, std::uint64_t count, std::string_view what) {
  check_range(offset, count, what);
  std::string bytes(count, '\0');
  read_into(offset, count, bytes.data(), what);
  return bytes;
}

std::uint64_t little_endian(const char* bytes, int count) {
  std::uint64_t value = 0;
  for (int i = count; i-- > 0;) {
    value = value << 8 | static_cast<unsigned char>(bytes[i]);
  }
  return value;
}

}  // namespace ncmlab
