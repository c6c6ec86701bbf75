// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/analysis/principal_components.hpp"

#include <torch/types.h>

#include <algorithm>

namespace ncmlab {

at::Tensor principal_components(const at::Tensor& points, std::int64_t components) {
  const at::NoGradGuard no_grad;
  const at::Tensor rows = points.to(at::kDouble).cpu();
  const at::Tensor centred = rows - rows.mean(0, /*keepdim=*/true);
  const at::Tensor right = std::get<2>(at::linalg_svd(centred, /*full_matrices=*/false));
  const std::int64_t count = std::min(components, right.size(0));
  at::Tensor directions = right.slice(0, 0, count);
  const at::Tensor largest = directions.gather(1, directions.abs().argmax(1, /*keepdim=*/true));
  directions = directions * at::where(largest < 0, -at::ones_like(largest), at::ones_like(largest));
  return at::mm(centred, directions.t());
}

}  // namespace ncmlab
