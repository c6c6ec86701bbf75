// SPDX-License-Identifier: Apache-2.0
// Written by the build (framework/cmake/header_digest.cmake): committed with the headers that it
// describes, never edited. After a conflict here, build and commit what the build writes.
#pragma once

#include <cstdint>
#include <string_view>

namespace ncmlab::detail {

/// A folder below `ncmlab/` and the digest of its headers.
struct HeaderDigest {
  std::string_view folder;
  std::uint64_t digest;
};

inline constexpr HeaderDigest kHeaderDigests[] = {
    {"code", 0xc71aa34a692b74a6},

    {"core", 0x7f2f8215cb9b6f20},

    {"data", 0x0c63704c9c3b8a72},

    {"inversion", 0x9564c07eec657c11},

    {"metrics", 0xd0099d53f619150e},

    {"model", 0x9fa6fe722bc7d39e},

    {"networks", 0xeb44c14493bc5cdb},

    {"plugin", 0xf49ebd973ee3d03d},

    {"tokenize", 0x1c233642f48550ef},

    {"train", 0x9e0b4bef40bcfed8},

    {"weights", 0x701201301f815942},
};

}  // namespace ncmlab::detail
