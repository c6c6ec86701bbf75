// SPDX-License-Identifier: Apache-2.0
#include "kernels/activation.hpp"

#include <torch/torch.h>

namespace ncmlab {

at::Tensor activate(std::string_view function, at::Tensor values) {
  const bool in_place = !at::GradMode::is_enabled();
  if (function == "relu") {
    return in_place ? at::relu_(values) : at::relu(values);
  }
  if (function == "silu") {
    return in_place ? at::silu_(values) : at::silu(values);
  }
  const char* approximate = function == "gelu_new" ? "tanh" : "none";
  return in_place ? at::gelu_(values, approximate) : at::gelu(values, approximate);
}

}  // namespace ncmlab
