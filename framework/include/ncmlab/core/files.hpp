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

/// Writes what a person asked for under a name of theirs. A symbolic link is followed and stays, a
/// file keeps its permissions, a device or a pipe is written to; otherwise as
/// write_file_atomically(). Throws Error `io.write`.
void write_output_file(const std::filesystem::path& path, std::string_view bytes);

}  // namespace ncmlab
