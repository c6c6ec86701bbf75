// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ncmlab {

/// `float32`, as Python's torch and config.json's `torch_dtype` spell it.
std::string_view type_name(at::ScalarType type);
/// The same of a tensor, or how safetensors spells a type that ncmlab does not compute with.
std::string type_name(const at::Tensor& tensor);
/// Its sizes in the file.
std::vector<std::int64_t> shape_of(const at::Tensor& tensor);
/// `float32 [2, 3]`
std::string type_and_shape(const at::Tensor& tensor);
/// Two significant digits: `1.2e-06`, `0`.
std::string short_number(double value);

}  // namespace ncmlab
