// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include "ncmlab/kernels/activation.hpp"

namespace ncmlab {

/// `function` of each value. Without grad mode it overwrites `values`.
at::Tensor activate(Activation function, at::Tensor values);

}  // namespace ncmlab
