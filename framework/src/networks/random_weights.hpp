// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "ncmlab/core/rng.hpp"

namespace ncmlab {

/// A float32 parameter (it requires gradients) with entries from normal(0, std).
at::Tensor random_weights(const std::vector<std::int64_t>& sizes, double std, Rng rng);

}  // namespace ncmlab
