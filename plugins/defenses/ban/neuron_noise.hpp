// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "ncmlab/model/code_model.hpp"

namespace ncmlab::ban {

/// Multiplies scale and shift of each channel of an encoder's norms, which stand for the neurons of
/// an image network, by 1 + noise of their own; at its end they are, bit for bit, what they were.
/// The encoder must outlive it and stay on its device.
class NeuronNoise {
 public:
  /// `size` is the largest noise; there is none yet.
  NeuronNoise(const Encoder& encoder, double size);
  ~NeuronNoise();
  NeuronNoise(const NeuronNoise&) = delete;
  NeuronNoise& operator=(const NeuronNoise&) = delete;

  /// Noise drawn uniformly, from LibTorch's default generator of the CPU.
  void draw();
  /// The gradients of `loss`, computed under the noise as it is, to the noise; zeros where it does
  /// not depend on it.
  std::vector<at::Tensor> slopes(const at::Tensor& loss) const;
  /// Moves each neuron's noise by `step` up its slope, no further than the noise may be.
  void climb(const std::vector<at::Tensor>& slopes, double step);
  /// The gradients of `loss`, computed under the noise, to the parameters without it: by the chain
  /// rule those of scales and shifts are multiplied by 1 + noise. Zeros where `loss` does not
  /// depend on a parameter.
  std::vector<at::Tensor> gradients(const at::Tensor& loss, const StateDict& parameters) const;
  /// The noise of each scale and each shift, in the order of the encoder's parameters.
  std::vector<at::Tensor> values() const;

 private:
  struct Site {
    at::Tensor weight;    ///< the parameter itself, [channels]
    at::Tensor original;  ///< what it was
    at::Tensor noise;
  };
  void apply();

  double size_;
  std::vector<Site> sites_;
};

struct NoiseOptions {
  double size = 0.3;
  std::int64_t steps = 1;  ///< of `size` / `steps` each
};

/// The losses of the batch under noise that makes them large, [samples]. Their gradients to the
/// model's parameters are those under the noise, which is gone when the call returns.
/// Preconditions: gradients are on, and no pass waits for its backward pass.
at::Tensor robust_losses(CodeModel& model, const Batch& batch, const at::Tensor& labels,
                         const NoiseOptions& options);

}  // namespace ncmlab::ban
