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
    {"code", 0x09014627b5cfa0e4},

    {"core", 0x6a42271d30c3427e},

    {"data", 0x65006ea735cee9de},

    {"inversion", 0x9564c07eec657c11},

    {"kernels", 0x869e3e613820049a},

    {"metrics", 0xd0099d53f619150e},

    {"model", 0x9fa6fe722bc7d39e},

    {"networks", 0x213c2e55fc968b0c},

    {"plugin", 0x4223f1db8552d511},

    {"tokenize", 0x9ef161e0ac00d678},

    {"train", 0x16fb28a79e452393},

    {"weights", 0x701201301f815942},
};

}  // namespace ncmlab::detail
