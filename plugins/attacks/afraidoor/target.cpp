// SPDX-License-Identifier: Apache-2.0
#include "target.hpp"

#include <torch/types.h>

namespace ncmlab::afraidoor {

at::Tensor Target::losses(CodeModel& surrogate, const Batch& batch) const {
  if (queries.defined()) {
    const at::Tensor code = unit_vectors(surrogate.vectors(batch, false));
    return torch::mv(code, unit_vectors(queries).to(code.device())).neg();
  }
  const at::Tensor logits = surrogate.logits(batch, false);
  return surrogate.head().losses(logits, torch::full({logits.size(0)}, label, torch::kInt64));
}

}  // namespace ncmlab::afraidoor
