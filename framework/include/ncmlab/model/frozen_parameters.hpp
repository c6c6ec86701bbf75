// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "ncmlab/weights/state_dict.hpp"

namespace ncmlab {

/// Switches `requires_grad` of a model's parameters off and, at the end, on again where it was: a
/// backward pass to the inputs then computes none for the weights. The setting is the tensors' own,
/// so whoever holds the parameters sees it. Touches neither at::GradMode nor gradients that are
/// there already.
class FrozenParameters {
 public:
  explicit FrozenParameters(const StateDict& parameters);
  ~FrozenParameters();
  FrozenParameters(const FrozenParameters&) = delete;
  FrozenParameters& operator=(const FrozenParameters&) = delete;

 private:
  std::vector<at::Tensor> frozen_;
};

}  // namespace ncmlab
