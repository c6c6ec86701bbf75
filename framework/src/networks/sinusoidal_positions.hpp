// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

namespace ncmlab {

/// Overwrites a table of position embeddings [positions, width] with sinusoids (Vaswani et al.,
/// NeurIPS 2017, section 3.5), scaled so that their root mean square is `spread`.
void fill_with_sinusoids(const at::Tensor& table, double spread);

}  // namespace ncmlab
