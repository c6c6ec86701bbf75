// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "kernels/packed_weight.hpp"
#include "ncmlab/kernels/activation.hpp"
#include "ncmlab/networks/encoder.hpp"

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
  /// activate(function, linear(...)), for the next product: bfloat16 where that would round it
  /// anyway, that is, in bf16 without grad mode.
  at::Tensor activated(Precision precision, const at::Tensor& input, const at::Tensor& weight,
                       const at::Tensor& bias, Activation function);
  /// The outputs of the layers from `first` on, side by side, as one product.
  at::Tensor joint(Precision precision, const at::Tensor& input, const JointLayers& layers,
                   std::int64_t first = 0);

 private:
  /// What is made of weights, made again once they have changed.
  template <typename Value>
  class MadeOfWeights {
   public:
    /// make() for the rows of `weight` from `first` on.
    template <typename Make>
    const Value& get(const at::Tensor& weight, std::int64_t first, Make make) {
      Entry& entry = entries_[{weight.unsafeGetTensorImpl(), first}];
      const auto version = static_cast<std::int64_t>(weight._version());
      if (entry.version != version) {
        const at::NoGradGuard no_grad;
        entry = {.source = weight, .value = make(), .version = version};
      }
      return entry.value;
    }

   private:
    struct Entry {
      at::Tensor source;
      Value value;
      std::int64_t version = -1;  ///< of the source, as LibTorch counts changes in place
    };
    std::map<std::pair<const void*, std::int64_t>, Entry> entries_;
  };

  /// `weight` rounded to bfloat16.
  at::Tensor rounded_weight(const at::Tensor& weight);

  // Without gradients, of the rows of `weight` from `first` on; `bias` is theirs.
  at::Tensor infer(Precision precision, const at::Tensor& input, const at::Tensor& weight,
                   const at::Tensor& bias, std::int64_t first);
  at::Tensor float_layer(const at::Tensor& input, const at::Tensor& weight, std::int64_t first,
                         const at::Tensor& bias);
  /// Product of both rounded, in bfloat16, without bias.
  at::Tensor bf16_product(const at::Tensor& input, const at::Tensor& weight, std::int64_t first);

  MadeOfWeights<at::Tensor> rounded_;
  MadeOfWeights<std::shared_ptr<const PackedWeight>> packed_, packed_bf16_;
};

/// Whether this processor multiplies bfloat16 numbers itself.
bool has_bf16_products();

}  // namespace ncmlab
