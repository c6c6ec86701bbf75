// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include <string>

#include "ncmlab/core/wording.hpp"

namespace ncmlab {

/// `[2, 3]`
inline std::string shape_text(at::IntArrayRef sizes) {
  return "[" + joined(sizes, ", ", [](std::int64_t size) { return std::to_string(size); }) + "]";
}

}  // namespace ncmlab
