// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "ncmlab/nn/encoder.hpp"

namespace ncmlab {

/// Several linear layers with one input whose weights and biases are views of one storage.
struct JointLayers {
  at::Tensor weight;  ///< [outputs of all, inputs]
  at::Tensor bias;    ///< [outputs of all], or undefined
  /// The parameters: the layers' weights, then their biases if there are any. All layers have the
  /// same number of outputs.
  std::vector<at::Tensor> parts;
};

/// The products of an encoder's linear layers, with gradients where grad mode is on: input
/// [tokens, inputs] float32, weight [outputs, inputs], bias [outputs] or undefined -> [tokens,
/// outputs] float32.
///
/// With `bf16` the operands of all three products (forward, gradient of the input, gradient of the
/// weight) and their results are rounded to bfloat16, sums run in float32, biases are added in
/// float32. Parameters and their gradients are float32. A processor without bfloat16 products
/// multiplies the rounded operands in float32, which differs in the order of the sums alone.
class LinearLayers {
 public:
  at::Tensor linear(Precision precision, const at::Tensor& input, const at::Tensor& weight,
                    const at::Tensor& bias);
  /// The outputs of the layers from `first` on, side by side, as one product.
  at::Tensor joint(Precision precision, const at::Tensor& input, const JointLayers& layers,
                   std::int64_t first = 0);

 private:
  /// `weight` rounded, made again once it has changed.
  at::Tensor rounded_weight(const at::Tensor& weight);

  struct RoundedWeight {
    at::Tensor source, rounded;
    std::int64_t version = -1;  ///< of the source, as LibTorch counts changes in place
  };
  std::unordered_map<const void*, RoundedWeight> rounded_;
};

/// Whether this processor multiplies bfloat16 numbers itself.
bool has_bf16_products();

}  // namespace ncmlab
