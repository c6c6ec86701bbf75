// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <string_view>

namespace ncmlab {

/// `float32`, as Python's torch and config.json's `torch_dtype` spell it.
std::string_view type_name(at::ScalarType type);
/// `float32 [2, 3]`
std::string type_and_shape(const at::Tensor& tensor);
/// Two significant digits: `1.2e-06`, `0`.
std::string short_number(double value);

}  // namespace ncmlab
