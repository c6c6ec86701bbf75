// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "ncmlab/nn/state_dict.hpp"

namespace ncmlab {

/// Switches the gradients of a model's parameters off and, at the end, on again where they were:
/// a backward pass to the inputs then computes none for the weights.
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
