// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ncmlab/weights/state_dict.hpp"

namespace ncmlab {

/// Copies the tensors of `source` with the names of `target` over those, in place. Throws Error
/// `checkpoint.missing-tensor` and, for another shape, `checkpoint.shape`.
void copy_over(const StateDict& target, const StateDict& source);

}  // namespace ncmlab
