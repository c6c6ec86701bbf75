// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "dynamic_bound.hpp"
#include "ncmlab/plugin/trigger_search.hpp"

namespace ncmlab::dbs {

struct SoftTriggerOptions {
  std::int64_t trigger_length = 5;
  std::int64_t epochs = 100;
  double learning_rate = 0.5;
  std::int64_t halving_epochs = 50;  ///< after so many epochs the rate is halved, again and again
  double noise = 10;                 ///< of a failed look: uniform, from 0 to this
  BoundOptions bound;
};

/// softmax(logits / temperature + noise) over the last dimension; `noise` may be undefined.
at::Tensor token_weights(const at::Tensor& logits, double temperature, const at::Tensor& noise);

/// Inverts a trigger whose tokens are mixtures of the words of `vocabulary` (not empty): Adam on
/// their logits, which start at 0, one step per epoch on all inversion samples. The result is the
/// last trigger that DynamicBound took for the best; without any, the likeliest tokens of the epoch
/// with the lowest loss. Its losses are those of the tokens themselves. Figures: `one_hot`, whether
/// there was a best one, and `soft_loss`, the loss of the mixtures that it was read from.
FoundTriggers invert_soft_trigger(const SearchContext& context,
                                  const std::vector<std::int64_t>& vocabulary,
                                  const SoftTriggerOptions& options);

}  // namespace ncmlab::dbs
