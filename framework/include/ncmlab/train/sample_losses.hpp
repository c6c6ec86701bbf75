// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "ncmlab/core/progress.hpp"
#include "ncmlab/model/code_model.hpp"

namespace ncmlab {

/// The loss of each sample towards its label, without dropout and gradients, in their order. With a
/// similarity head that of finding its code among those of 32 samples: itself and its neighbours,
/// by place (1 to 32, 33 to 64, ...).
std::vector<double> sample_losses(CodeModel& model, const std::vector<TokenSample>& samples,
                                  Progress& progress);

}  // namespace ncmlab
