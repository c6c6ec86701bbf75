// SPDX-License-Identifier: Apache-2.0
#include "networks/random_weights.hpp"

#include <torch/types.h>

namespace ncmlab {

at::Tensor random_weights(const std::vector<std::int64_t>& sizes, double std, Rng rng) {
  at::Tensor result = at::empty(sizes, at::kFloat);
  auto* data = result.data_ptr<float>();
  for (std::int64_t i = 0; i < result.numel(); ++i) {
    data[i] = static_cast<float>(std * rng.normal());
  }
  return result.requires_grad_();
}

}  // namespace ncmlab
