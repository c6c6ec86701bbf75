// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace ncmlab {

/// The rows of `points` [n, width], centred, along their `components` main directions, or as many
/// as there are: [n, min(components, n, width)] float64 on the CPU, the main direction first. Of
/// each direction and its opposite that one is taken whose largest coordinate is positive, so that
/// the same points give the same numbers. At least one row.
at::Tensor principal_components(const at::Tensor& points, std::int64_t components);

}  // namespace ncmlab
