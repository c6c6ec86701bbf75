// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "ncmlab/train/options.hpp"
#include "ncmlab/weights/state_dict.hpp"

namespace ncmlab {

/// AdamW with gradient clipping and a linear schedule: rate = peak * step / warm-up, then linear
/// to 0 at the last step. Weight decay is decoupled (Loshchilov & Hutter 2019, Algorithm 2) and
/// spares parameters with one dimension, which are the biases and norm weights.
///
/// Steps equal those of torch::optim::AdamW, whose state is not used because how it is stored
/// depends on LibTorch's version.
class Optimizer {
 public:
  /// `parameters` are updated in place (no copies); they stay the caller's.
  Optimizer(const StateDict& parameters, const TrainingOptions& options, std::int64_t warmup_steps,
            std::int64_t total_steps);

  /// Drops the parameters' gradients.
  void zero_grad();
  /// Clips, steps and advances the schedule. Parameters without a gradient stay as they are.
  /// Returns the gradient norm before clipping. Clipping scales the gradients themselves. Works
  /// whatever at::GradMode says.
  double step();
  double learning_rate() const;
  std::int64_t steps() const { return steps_; }

  /// What a step depends on besides parameters and gradients: `first_moment.NAME`,
  /// `second_moment.NAME` (no copies) and `updates.NAME` of every parameter that was updated.
  StateDict state() const;
  /// Continues after `steps` steps from what state() gave, which it copies. Throws Error
  /// `checkpoint.*` when it does not fit the parameters.
  void restore(const StateDict& state, std::int64_t steps);

 private:
  struct Slot {
    std::string name;
    at::Tensor parameter;
    double decay = 0;
    at::Tensor first_moment, second_moment;  ///< undefined before the first update
    std::int64_t updates = 0;
  };
  double clip() const;
  void update(Slot& slot, double rate) const;

  std::vector<Slot> slots_;
  double peak_ = 0, eps_ = 0, max_grad_norm_ = 0;
  std::int64_t steps_ = 0, warmup_steps_ = 0, total_steps_ = 0;
};

}  // namespace ncmlab
