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
    {"analysis", 0xfb03f6465b6f5c63},

    {"code", 0xe198f2db8279942b},

    {"core", 0x6a42271d30c3427e},

    {"data", 0x65006ea735cee9de},

    {"inversion", 0x5ef235ca7b2ffd71},

    {"kernels", 0x869e3e613820049a},

    {"language", 0x7cbf2ed354d66313},

    {"metrics", 0x968f163492d5f404},

    {"model", 0x9fa6fe722bc7d39e},

    {"networks", 0x669e3323d0a0d193},

    {"plugin", 0x127d7836ebf2d08f},

    {"tokenize", 0x8e2e5b4dfe3f74c5},

    {"train", 0x55ce87dae0995854},

    {"weights", 0x701201301f815942},
};

}  // namespace ncmlab::detail
