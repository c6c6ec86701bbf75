// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/model/frozen_parameters.hpp"

#include <torch/types.h>

namespace ncmlab {

FrozenParameters::FrozenParameters(const StateDict& parameters) {
  for (const auto& [name, tensor] : parameters) {
    if (tensor.requires_grad()) {
      frozen_.push_back(tensor.requires_grad_(false));
    }
  }
}

FrozenParameters::~FrozenParameters() {
  for (const at::Tensor& tensor : frozen_) {
    tensor.requires_grad_(true);
  }
}

}  // namespace ncmlab
