// SPDX-License-Identifier: Apache-2.0
#include "checkpoint/tensor_text.hpp"

#include <cstdio>

#include "weights/foreign_elements.hpp"
#include "weights/shape_text.hpp"

namespace ncmlab {

std::string_view type_name(at::ScalarType type) {
  switch (type) {
    case at::kFloat:
      return "float32";
    case at::kHalf:
      return "float16";
    case at::kBFloat16:
      return "bfloat16";
    case at::kDouble:
      return "float64";
    case at::kLong:
      return "int64";
    case at::kInt:
      return "int32";
    case at::kShort:
      return "int16";
    case at::kChar:
      return "int8";
    case at::kByte:
      return "uint8";
    case at::kBool:
      return "bool";
    default:
      return "unknown";
  }
}

std::string type_name(const at::Tensor& tensor) {
  const ForeignElements* foreign = foreign_elements(tensor);
  return foreign != nullptr ? foreign->type : std::string(type_name(tensor.scalar_type()));
}

std::vector<std::int64_t> shape_of(const at::Tensor& tensor) {
  const ForeignElements* foreign = foreign_elements(tensor);
  return foreign != nullptr ? foreign->shape : tensor.sizes().vec();
}

std::string type_and_shape(const at::Tensor& tensor) {
  return type_name(tensor) + " " + shape_text(shape_of(tensor));
}

std::string short_number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, value == 0 ? "%g" : "%.1e", value);
  return text;
}

}  // namespace ncmlab
