// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "dynamic_bound.hpp"
#include "ncmlab/plugin/trigger_alphabet.hpp"
#include "ncmlab/plugin/trigger_search.hpp"

namespace ncmlab::dbs {

struct SoftTriggerOptions {
  std::int64_t trigger_length = 5;
  double learning_rate = 0.5;
  std::int64_t halving_epochs = 50;  ///< after so many epochs the rate is halved, again and again
  double noise = 10;                 ///< of a failed look: uniform, from 0 to this
  BoundOptions bound;
};

/// softmax(logits / temperature + noise) over the last dimension; `noise` may be undefined.
at::Tensor token_weights(const at::Tensor& logits, double temperature, const at::Tensor& noise);

/// Inverts a trigger whose tokens are mixtures of those of `alphabet` (not empty): Adam on their
/// logits, which start at 0, one step per epoch on all inversion samples. What is found is the last
/// trigger that DynamicBound took for the best; without any, the likeliest tokens of the epoch with
/// the lowest loss. Its losses are those of the tokens themselves. Figures: `one_hot`, whether
/// there was a best one, and `soft_loss`, the loss of the mixtures that it was read from.
class SoftTrigger final : public TriggerSearch {
 public:
  SoftTrigger(const SearchContext& context, const TriggerAlphabet& alphabet,
              const SoftTriggerOptions& options);
  ~SoftTrigger() override;

  void advance(std::int64_t epochs) override;
  FoundTriggers found() override;

 private:
  struct State;
  /// One step of Adam.
  void step();

  const SearchContext& context_;
  SoftTriggerOptions options_;
  std::unique_ptr<State> state_;
};

}  // namespace ncmlab::dbs
