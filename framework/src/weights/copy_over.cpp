// SPDX-License-Identifier: Apache-2.0
#include "weights/copy_over.hpp"

#include <torch/types.h>

#include "ncmlab/core/diagnostic.hpp"

namespace ncmlab {

void copy_over(const StateDict& target, const StateDict& source) {
  const at::NoGradGuard no_grad;
  for (const auto& [name, tensor] : target) {
    if (source.at(name).sizes() != tensor.sizes()) {
      throw Error("checkpoint.shape", "tensor `" + name + "` has another shape in the model");
    }
    tensor.copy_(source.at(name));
  }
}

}  // namespace ncmlab
