// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "ncmlab/core/progress.hpp"
#include "ncmlab/core/rng.hpp"
#include "ncmlab/nn/victim.hpp"

namespace ncmlab {

/// AdamW (Loshchilov & Hutter 2019) with a linear schedule, as Hugging Face's scripts run it.
struct TrainingOptions {
  std::int64_t epochs = 5;
  double learning_rate = 2e-5;  ///< peak
  double adam_eps = 1e-8;
  double weight_decay = 0.0;   ///< not on biases and norm weights
  double warmup = 0.1;         ///< share of all steps
  double max_grad_norm = 1.0;  ///< 0: no clipping
  std::int64_t batch_size = 32;
  bool head_only = false;  ///< leaves the encoder as it is
};

struct EpochRecord {
  double loss = 0;               ///< mean over the samples
  double validation_metric = 0;  ///< what `evaluate` returned; 0 without
};

/// Trains in place. Batches are drawn from `rng` and run in pieces of similar length; dropout is
/// seeded from `rng`. Same seed and thread count, same result. With a similarity head every batch
/// is one InfoNCE problem, its code the negatives of its queries. `evaluate`, if given, is called
/// after each epoch. Throws Error `train.diverged` when the loss is not finite.
std::vector<EpochRecord> train(Victim& victim, const std::vector<TokenSample>& samples,
                               const TrainingOptions& options, Rng rng, Progress& progress,
                               const std::function<double(Victim&)>& evaluate = {});

/// One optimiser that train() uses, for callers that make their own batches.
class Optimizer {
 public:
  /// `total_steps` and `warmup_steps` fix the schedule: rate = peak * step / warmup, then linear
  /// to 0 at total_steps.
  Optimizer(const StateDict& parameters, const TrainingOptions& options, std::int64_t warmup_steps,
            std::int64_t total_steps);
  ~Optimizer();
  Optimizer(Optimizer&&) noexcept;

  void zero_grad();
  /// Clips, steps and advances the schedule. Returns the gradient norm before clipping.
  double step();
  double learning_rate() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace ncmlab
