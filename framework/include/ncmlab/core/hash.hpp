// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

namespace ncmlab {

/// Streaming 128-bit XXH3. Names content in the store; it is not a cryptographic hash.
class Hasher {
 public:
  Hasher();
  ~Hasher();
  Hasher(Hasher&&) noexcept;
  Hasher& operator=(Hasher&&) noexcept;

  /// Adds bytes as they are.
  Hasher& update(std::string_view bytes);
  /// Adds the length, then the bytes, so that ("ab", "c") and ("a", "bc") differ.
  Hasher& field(std::string_view bytes);
  /// 32 lower-case hexadecimal digits.
  std::string hex() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// hex() of one string.
std::string hash_hex(std::string_view bytes);
/// 64-bit XXH3 of a string, for seeding and bucketing.
std::uint64_t hash64(std::string_view bytes, std::uint64_t seed = 0);
/// hex() of a file's content. Throws Error `io.read` when it cannot be read.
std::string hash_file(const std::filesystem::path& path);

}  // namespace ncmlab
