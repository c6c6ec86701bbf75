// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "ncmlab/core/diagnostic.hpp"

namespace ncmlab {

/// What to say of a path that the system refuses to look at, because it or one of its parts is too
/// long, goes round in links or may not be read. Code `io.path`.
Diagnostic path_problem(const std::filesystem::filesystem_error& error);

}  // namespace ncmlab
