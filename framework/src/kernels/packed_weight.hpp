// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>

namespace ncmlab {

/// The weight of a linear layer in the order in which oneDNN's product reads it, which saves the
/// product from arranging it anew each time. For inference: it knows no gradient and does not
/// follow changes of the weight. Safe to use from several threads.
class PackedWeight {
 public:
  virtual ~PackedWeight() = default;
  /// input [tokens, inputs] times the weight's transpose + bias ([outputs] or undefined) ->
  /// [tokens, outputs], all of the weight's element type, sums in float32. Deterministic for a
  /// fixed number of threads.
  virtual at::Tensor multiply_and_add(const at::Tensor& input, const at::Tensor& bias) const = 0;
};

/// weight [outputs, inputs], float32 or, where has_bf16_products(), bfloat16, on the CPU. Null in
/// a build without oneDNN, as beside a LibTorch that keeps its own to itself.
std::unique_ptr<const PackedWeight> pack_weight(const at::Tensor& weight);

}  // namespace ncmlab
