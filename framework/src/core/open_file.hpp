// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <fstream>
#include <string>

namespace ncmlab {

/// A file to read, in binary. Throws an Error with this `code` that names it and the reason, also
/// for a folder.
std::ifstream open_file(const std::filesystem::path& path, std::string code = "io.read");

}  // namespace ncmlab
