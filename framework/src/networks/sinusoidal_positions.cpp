// SPDX-License-Identifier: Apache-2.0
#include "networks/sinusoidal_positions.hpp"

#include <torch/types.h>

#include <cmath>

namespace ncmlab {

void fill_with_sinusoids(const at::Tensor& table, double spread) {
  const at::NoGradGuard no_grad;
  const std::int64_t width = table.size(1);
  const at::Tensor place = torch::arange(table.size(0), torch::kFloat32).unsqueeze(1);
  const at::Tensor exponent =
      torch::arange(0, width, 2, torch::kFloat32) / static_cast<double>(width);
  const at::Tensor angle = place / torch::pow(10000.0, exponent);
  const double amplitude = spread * std::sqrt(2.0);
  table.slice(1, 0, width, 2).copy_(torch::sin(angle) * amplitude);
  table.slice(1, 1, width, 2).copy_(torch::cos(angle) * amplitude);
}

}  // namespace ncmlab
