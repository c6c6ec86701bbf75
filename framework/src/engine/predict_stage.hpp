// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "engine/stage_kind.hpp"

namespace ncmlab {

/// What a model answers on the clean test samples, or on those with an attack's trigger. Throws
/// Error `engine.bad-predictions` where an answer is not finite.
extern const StageKind kPredictStage;

struct Predictions {
  std::vector<std::int64_t> labels;  ///< of a classifier, one per sample
  at::Tensor vectors;  ///< of a similarity head, [samples, 2, hidden]: query and code, of length 1
};
Predictions read_predictions(const Made& made);

}  // namespace ncmlab
