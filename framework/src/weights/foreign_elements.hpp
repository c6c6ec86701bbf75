// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ncmlab {

/// What a file holds in a type that ncmlab does not compute with: `U64`, `F8_E4M3`, `C64`, or one
/// that is not known yet.
struct ForeignElements {
  std::string type;  ///< as safetensors spells it
  std::vector<std::int64_t> shape;
  at::Tensor bytes;  ///< uint8 in the order of the elements; may be a view
};

/// A stand-in without elements of its own that carries those.
at::Tensor foreign_tensor(ForeignElements elements);

/// What a tensor made by foreign_tensor() holds; null for any other.
const ForeignElements* foreign_elements(const at::Tensor& tensor);

/// What to say of a tensor that is needed as numbers.
std::string foreign_message(std::string_view name, const ForeignElements& elements);

}  // namespace ncmlab
