// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/ATen.h>

#include "ncmlab/model/code_model.hpp"

namespace ncmlab {

/// Whether all tensors of `a` are, bit for bit, those of `b` with their names.
inline bool same_weights(const StateDict& a, const StateDict& b) {
  for (const auto& [name, tensor] : a) {
    if (!at::equal(tensor, b.at(name))) {
      return false;
    }
  }
  return true;
}

inline bool same_weights(const CodeModel& a, const CodeModel& b) {
  return same_weights(a.parameters(), b.parameters());
}

}  // namespace ncmlab
