// SPDX-License-Identifier: Apache-2.0
#include "kernels/activation.hpp"

#include <torch/types.h>

namespace ncmlab {

at::Tensor activate(Activation function, at::Tensor values) {
  const bool in_place = !at::GradMode::is_enabled();
  switch (function) {
    case Activation::none:
      return values;
    case Activation::relu:
      return in_place ? at::relu_(values) : at::relu(values);
    case Activation::silu:
      return in_place ? at::silu_(values) : at::silu(values);
    case Activation::gelu:
    case Activation::gelu_tanh:
      break;
  }
  const char* approximate = function == Activation::gelu_tanh ? "tanh" : "none";
  return in_place ? at::gelu_(values, approximate) : at::gelu(values, approximate);
}

}  // namespace ncmlab
