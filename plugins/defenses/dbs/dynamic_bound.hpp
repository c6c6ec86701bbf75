// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace ncmlab::dbs {

struct BoundOptions {
  double temperature = 2;           ///< at the start, and the highest
  std::int64_t check_epochs = 5;    ///< epochs between two looks at the temperature
  double barrier = 0.1;             ///< the loss that a trigger must get under, at the start
  std::int64_t rollbacks = 5;       ///< failed looks after which the barrier is relaxed
  double one_hot_tolerance = 1e-3;  ///< what a nearly one-hot trigger may lack, over all its tokens
};

/// The temperature of the softmax and the barrier of the loss that it goes by (Shen et al. 2022,
/// section 3.2 and Algorithm 1). An epoch is start_epoch(), then a forward pass, then end_epoch().
///
/// From the first epoch on whose loss is not above the barrier, every `check_epochs` epochs the
/// temperature is halved where the last loss is below the barrier, which makes the trigger more
/// discrete; else it is doubled, at most to where it started, and noise is added to the logits for
/// that epoch. After `rollbacks` of the latter in a row without a new best trigger the barrier is
/// doubled, yet kept below the best loss. Where that is 0.001 or less, it then is 0 or less, which
/// no loss is below.
class DynamicBound {
 public:
  explicit DynamicBound(const BoundOptions& options);

  /// Whether the epoch is one with noise. Epochs count from 0.
  bool start_epoch(std::int64_t epoch);
  /// Takes the epoch's mean loss and what its trigger lacks to being one-hot: its number of tokens
  /// less the sum of their highest weights. Whether it is the new best trigger: nearly one-hot, and
  /// its loss not above the barrier, which then becomes half of that loss.
  bool end_epoch(double loss, double lack);

  double temperature() const { return temperature_; }
  double barrier() const { return barrier_; }

 private:
  BoundOptions options_;
  double temperature_, barrier_;
  double last_loss_, best_loss_;
  bool is_scaling_ = false;
  std::int64_t failures_ = 0;
};

}  // namespace ncmlab::dbs
