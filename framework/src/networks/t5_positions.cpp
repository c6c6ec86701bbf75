// SPDX-License-Identifier: Apache-2.0
#include "networks/t5_positions.hpp"

#include <torch/types.h>

#include <cmath>

namespace ncmlab {

at::Tensor buckets_of_distances(const PositionBuckets& buckets, std::int64_t reach) {
  const at::Tensor distance = at::arange(1 - reach, reach, at::kLong);
  const std::int64_t count = buckets.bidirectional ? buckets.count / 2 : buckets.count;
  const at::Tensor size = buckets.bidirectional ? distance.abs() : distance.clamp_max(0).neg();
  // Short distances have a bucket each, long ones share buckets of exponentially growing width.
  // The logarithm is taken in float32, as in Hugging Face's code: at the edge of a bucket the
  // rounding decides.
  const std::int64_t exact = count / 2;
  const double range =
      std::log(static_cast<double>(buckets.max_distance) / static_cast<double>(exact));
  const at::Tensor above = at::log(size.clamp_min(1).to(at::kFloat) / static_cast<double>(exact)) /
                           range * static_cast<double>(count - exact);
  const at::Tensor large = (exact + above.to(at::kLong)).clamp_max(count - 1);
  const at::Tensor bucket = at::where(size < exact, size, large);
  return buckets.bidirectional ? bucket + (distance > 0).to(at::kLong) * count : bucket;
}

}  // namespace ncmlab
