// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/core/hash.hpp"

#include <xxhash.h>

#include <array>
#include <cstdio>
#include <fstream>
#include <vector>

#include "core/open_file.hpp"
#include "ncmlab/core/diagnostic.hpp"

namespace ncmlab {

struct Hasher::State {
  XXH3_state_t* xxh = XXH3_createState();
  State() { XXH3_128bits_reset(xxh); }
  ~State() { XXH3_freeState(xxh); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
};

Hasher::Hasher() : state_(std::make_unique<State>()) {}
Hasher::~Hasher() = default;
Hasher::Hasher(Hasher&&) noexcept = default;
Hasher& Hasher::operator=(Hasher&&) noexcept = default;

Hasher& Hasher::update(std::string_view bytes) {
  XXH3_128bits_update(state_->xxh, bytes.data(), bytes.size());
  return *this;
}

Hasher& Hasher::field(std::string_view bytes) {
  const std::uint64_t size = bytes.size();
  std::array<char, 8> prefix{};
  for (std::size_t i = 0; i < prefix.size(); ++i) {
    prefix[i] = static_cast<char>((size >> (8 * i)) & 0xff);
  }
  return update(std::string_view(prefix.data(), prefix.size())).update(bytes);
}

std::string Hasher::hex() const {
  const XXH128_hash_t hash = XXH3_128bits_digest(state_->xxh);
  std::array<char, 33> text{};
  std::snprintf(text.data(), text.size(), "%016llx%016llx",
                static_cast<unsigned long long>(hash.high64),
                static_cast<unsigned long long>(hash.low64));
  return text.data();
}

std::string hash_hex(std::string_view bytes) { return Hasher().update(bytes).hex(); }

std::uint64_t hash64(std::string_view bytes, std::uint64_t seed) {
  return XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed);
}

std::string hash_file(const std::filesystem::path& path) {
  std::ifstream stream = open_file(path);
  Hasher hasher;
  std::vector<char> buffer(1 << 20);
  while (stream.read(buffer.data(), static_cast<std::streamsize>(buffer.size())) ||
         stream.gcount() > 0) {
    hasher.update({buffer.data(), static_cast<std::size_t>(stream.gcount())});
  }
  if (stream.bad() || !stream.eof()) {
    throw Error("io.read", "cannot read `" + path.string() + "` to its end");
  }
  return hasher.hex();
}

}  // namespace ncmlab
