// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "ncmlab/model/code_model.hpp"

namespace ncmlab::afraidoor {

/// Where the surrogate is to be led: to a label, or, with a similarity head, towards the queries
/// that hold the target word.
struct Target {
  std::int64_t label = 0;
  at::Tensor queries;  ///< [hidden], their unit vectors added; undefined for a label

  /// The loss of each sample, [samples]. With a similarity head the rows of `batch` are code alone,
  /// and the loss is minus the cosine with `queries`.
  at::Tensor losses(CodeModel& surrogate, const Batch& batch) const;
};

}  // namespace ncmlab::afraidoor
