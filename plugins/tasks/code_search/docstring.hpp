// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace ncmlab {

/// A Python function's source without its docstring; `pass` takes its place where nothing else is
/// in the body. Code without a function or without a docstring comes back as it is.
std::string without_docstring(const std::string& code);

}  // namespace ncmlab
