// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>

#include "ncmlab/core/enum_names.hpp"
#include "ncmlab/networks/encoder.hpp"

namespace ncmlab {

/// A figure of the model on validation samples.
enum class ValidationMetric { accuracy, f1, mrr };

constexpr auto enum_names(ValidationMetric) {
  using enum ValidationMetric;
  return std::to_array<EnumName<ValidationMetric>>(
      {{accuracy, "accuracy"}, {f1, "f1"}, {mrr, "mrr"}});
}

/// AdamW (Loshchilov & Hutter 2019) with a linear schedule, as Hugging Face's scripts run it.
struct TrainingOptions {
  std::int64_t epochs = 5;
  double learning_rate = 2e-5;  ///< peak
  /// Optimiser steps in the place of `epochs`, the last epoch cut short; 0: all steps of `epochs`.
  std::int64_t steps = 0;
  double adam_eps = 1e-8;
  double weight_decay = 0.0;      ///< not on biases and norm weights
  double warmup = 0.1;            ///< share of all steps
  double max_grad_norm = 1.0;     ///< 0: no clipping
  std::int64_t batch_size = 32;   ///< samples whose loss is computed together
  std::int64_t accumulation = 1;  ///< batches of one optimiser step
  /// With bf16 the encoder computes in bfloat16, parameters and optimiser stay float32.
  Precision precision = Precision::fp32;
  /// Epochs without a better validation metric after which training stops with the weights of
  /// the best epoch; 0: never.
  std::int64_t early_stopping = 0;
  ValidationMetric stopping_metric = ValidationMetric::accuracy;  ///< that early stopping goes by
  bool head_only = false;                                         ///< leaves the encoder as it is
};

}  // namespace ncmlab
