// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/types.h>

#include <vector>

#include "ncmlab/networks/encoder.hpp"

namespace ncmlab::testing {

/// Rows of different length, without padding inside.
inline Batch mixed_batch() {
  const std::vector<std::vector<std::int64_t>> rows = {
      {0, 5, 6, 7, 2}, {0, 9, 2}, {0, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 2}};
  return make_batch({&rows[0], &rows[1], &rows[2]}, 1);
}

/// Zero wherever a row is padded.
inline at::Tensor mask_of(const Batch& batch) {
  return (torch::arange(batch.ids.size(1)).unsqueeze(0) < batch.lengths.unsqueeze(1))
      .unsqueeze(2)
      .to(torch::kFloat);
}

/// The largest absolute difference.
inline double difference(const at::Tensor& a, const at::Tensor& b) {
  return a.sizes() == b.sizes()
             ? (a.detach().to(torch::kDouble) - b.to(torch::kDouble)).abs().max().item<double>()
             : 1e30;
}

}  // namespace ncmlab::testing
