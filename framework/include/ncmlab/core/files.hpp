// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace ncmlab {

/// The whole file. Throws Error `io.read` that names it and the reason.
std::string read_file(const std::filesystem::path& path);

/// Writes under a temporary name, flushes to disk and renames: the file is there whole or not at
/// all. Creates missing folders. Throws Error `io.write`.
void write_file_atomically(const std::filesystem::path& path, std::string_view bytes);

}  // namespace ncmlab
