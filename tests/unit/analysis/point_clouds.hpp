// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/types.h>

#include "ncmlab/core/rng.hpp"

namespace ncmlab {

/// `count` points around (0, 0, ...), every fourth of them moved to (8, 8, ...).
inline at::Tensor two_clouds(std::int64_t count, std::int64_t width) {
  Rng rng(5);
  at::Tensor points = torch::zeros({count, width}, torch::kDouble);
  for (std::int64_t i = 0; i < count; ++i) {
    for (std::int64_t j = 0; j < width; ++j) {
      points[i][j] = rng.normal() + (i % 4 == 0 ? 8 : 0);
    }
  }
  return points;
}

}  // namespace ncmlab
