// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include <string_view>

namespace ncmlab {

/// `gelu`, `gelu_new` (by tanh), `relu` or `silu` of each value. Without grad mode it overwrites
/// `values`.
at::Tensor activate(std::string_view function, at::Tensor values);

}  // namespace ncmlab
