// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "planted_victim.hpp"

namespace ncmlab {

/// A planted victim of one layer, mean pooling and a linear head: its loss has gradients with
/// respect to mixtures of words, which a saturated tanh would not pass on.
inline CodeModel mean_pooled_victim(bool backdoored) {
  return planted_victim(backdoored,
                        {.layers = 1, .pooling = Pooling::mean, .dense_head = false, .seed = 62});
}

}  // namespace ncmlab
