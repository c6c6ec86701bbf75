// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "ncmlab/core/hash.hpp"

namespace ncmlab {

/// Adds names and bytes of the files in `folder`, in the order of their names; not of folders in
/// it. Throws Error `io.read`.
void hash_folder(const std::filesystem::path& folder, Hasher& hasher);

}  // namespace ncmlab
