// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <string>
#include <vector>

#include "ncmlab/core/diagnostic.hpp"
#include "ncmlab/weights/state_dict.hpp"
#include "networks/linear_layers.hpp"

namespace ncmlab {

enum class Initial { normal, zeros, ones };

/// Makes a fresh contiguous float32 tensor of these sizes for a parameter; undefined: there is
/// none.
using TensorSource = std::function<at::Tensor(
    const std::string& name, const std::vector<std::int64_t>& sizes, Initial initial)>;

/// Copies of stored tensors on a device, in the shapes that a model needs.
class StoredTensors {
 public:
  explicit StoredTensors(const StateDict& weights, at::Device device = at::kCPU)
      : weights_(weights), device_(device) {}

  /// Undefined if there is none of this shape; check() then throws.
  at::Tensor copy(const std::string& name, const std::vector<std::int64_t>& sizes);
  TensorSource source();
  /// Throws Error `checkpoint.missing-tensor` or `checkpoint.shape` with one diagnostic for every
  /// tensor that copy() did not find.
  void check() const;

 private:
  const StateDict& weights_;
  at::Device device_;
  std::vector<Diagnostic> problems_;
};

/// Linear layers `names` of [outputs, inputs] that read the same input, as views of one storage,
/// so that one product serves all. Adds each NAME.weight (and NAME.bias) to `named`.
JointLayers joint_layers(const std::vector<std::string>& names, std::int64_t outputs,
                         std::int64_t inputs, bool bias, const TensorSource& source,
                         StateDict& named);

}  // namespace ncmlab
