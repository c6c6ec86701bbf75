// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/csrc/api/include/torch/version.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string_view>

#include "ncmlab/plugin/header_digest.hpp"

namespace ncmlab {

/// Raised on every change of Manifest, Entry or a plugin interface.
inline constexpr std::uint32_t kPluginApi = 4;

/// The headers of one folder below `ncmlab/`, comments apart.
struct HeaderStamp {
  std::array<char, 24> folder{};
  std::uint64_t digest = 0;
};

/// Plain bytes that say with what a library was built. Two libraries may share C++ objects only
/// if these are equal. The first three members stay where they are in every version.
struct BuildStamp {
  std::array<char, 8> magic{};
  std::uint32_t size = 0;
  std::uint32_t api = 0;
  std::array<char, 64> compiler{};
  std::array<char, 32> standard_library{};
  std::array<char, 16> torch{};
  std::uint8_t cxx11_abi = 0;
  std::uint8_t sanitized = 0;
  std::array<std::uint8_t, 6> reserved{};
  std::array<HeaderStamp, 16> headers{};  ///< by name; those at the end may be empty
};

namespace detail {

template <std::size_t N>
constexpr std::array<char, N> fixed(std::string_view text) {
  std::array<char, N> result{};
  for (std::size_t i = 0; i + 1 < N && i < text.size(); ++i) {
    result[i] = text[i];
  }
  return result;
}

#define NCMLAB_TEXT_OF(x) #x
#define NCMLAB_TEXT(x) NCMLAB_TEXT_OF(x)

}  // namespace detail

/// The stamp of the translation unit that calls it.
constexpr BuildStamp current_build_stamp() {
  BuildStamp stamp;
  stamp.magic = detail::fixed<8>("ncmlab");
  stamp.size = sizeof(BuildStamp);
  stamp.api = kPluginApi;
  stamp.compiler = detail::fixed<64>("g++ " NCMLAB_TEXT(__GNUC__));
  stamp.standard_library = detail::fixed<32>("libstdc++ " NCMLAB_TEXT(_GLIBCXX_RELEASE));
  stamp.torch = detail::fixed<16>(TORCH_VERSION);
  stamp.cxx11_abi = _GLIBCXX_USE_CXX11_ABI;
#ifdef __SANITIZE_ADDRESS__
  stamp.sanitized = 1;
#endif
  static_assert(std::size(detail::kHeaderDigests) <= 16);
  for (std::size_t i = 0; i < std::size(detail::kHeaderDigests); ++i) {
    const detail::HeaderDigest& header = detail::kHeaderDigests[i];
    stamp.headers[i] = {.folder = detail::fixed<24>(header.folder), .digest = header.digest};
  }
  return stamp;
}

}  // namespace ncmlab
