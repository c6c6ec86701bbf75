// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "ncmlab/core/progress.hpp"
#include "ncmlab/model/code_model.hpp"
#include "ncmlab/train/trainer.hpp"

namespace ncmlab {

using Indices = std::vector<std::size_t>;

/// Sums over the samples of a batch.
struct BatchSums {
  double loss = 0;
  std::int64_t right = 0;  ///< samples whose label was the most likely
};

/// Computes a batch's losses and adds the gradients of their sum divided by `divisor`. Of `place`
/// epoch and step count.
using BatchLoss =
    std::function<BatchSums(const Indices& batch, double divisor, const BatchPlace& place)>;

/// Of the whole model, or with `head_only` of the head on vectors that are computed here, once.
/// All arguments must outlive the result.
BatchLoss make_batch_loss(CodeModel& model, const std::vector<TokenSample>& samples, bool head_only,
                          const TrainingHooks& hooks, Progress& progress);

}  // namespace ncmlab
