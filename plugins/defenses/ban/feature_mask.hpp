// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "ncmlab/networks/head.hpp"

namespace ncmlab::ban {

struct MaskOptions {
  std::int64_t steps = 400;  ///< of Adam
  double learning_rate = 0.01;
  double norm_weight = 0.75;  ///< of the mask's L1 norm, which is divided by its value
};

/// What a head makes of sentence vectors of which only a part is kept: `vectors` [samples, inputs *
/// hidden], `mask` [inputs * hidden]. Logits.
at::Tensor masked_logits(const Head& head, const at::Tensor& vectors, const at::Tensor& mask);

/// The mask m, [inputs * hidden] in [0, 1], that makes the loss of m * vectors small and that of
/// (1 - m) * vectors large (BTI-DBF, as BAN regularises it): m keeps what serves the labels, 1 - m
/// what a backdoor is looked for in. Starts uniformly, from LibTorch's default generator of the
/// CPU. Precondition: gradients are on.
at::Tensor benign_mask(const Head& head, const at::Tensor& vectors, const at::Tensor& labels,
                       const MaskOptions& options);

}  // namespace ncmlab::ban
