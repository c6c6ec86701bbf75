// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ncmlab/core/diagnostic.hpp"
#include "ncmlab/core/rng.hpp"
#include "ncmlab/weights/state_dict.hpp"
#include "networks/linear_layers.hpp"

namespace ncmlab {

/// Names of tensors with their sizes.
using NamedShapes = std::vector<std::pair<std::string, std::vector<std::int64_t>>>;

enum class Initial { normal, zeros, ones };

/// Makes a fresh contiguous float32 tensor of these sizes for a parameter; undefined: there is
/// none.
using TensorSource = std::function<at::Tensor(
    const std::string& name, const std::vector<std::int64_t>& sizes, Initial initial)>;

/// Fresh tensors: normal(0, std_of(name)), zeros, or `one` for each of the ones.
TensorSource random_source(const Rng& rng, std::function<double(std::string_view name)> std_of,
                           double one = 1);

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

/// The parameters of a network in the making.
class ParameterBuilder {
 public:
  /// Adds what it makes to `named`. Both must outlive it.
  ParameterBuilder(const TensorSource& source, StateDict& named) : source_(source), named_(named) {}

  at::Tensor parameter(const std::string& name, const std::vector<std::int64_t>& sizes,
                       Initial initial = Initial::normal);
  /// Linear layers `names` of [outputs, inputs] that read the same input, as views of one storage,
  /// so that one product serves all: each a parameter NAME.weight (and NAME.bias).
  JointLayers joint(const std::vector<std::string>& names, std::int64_t outputs,
                    std::int64_t inputs, bool bias);

 private:
  const TensorSource& source_;
  StateDict& named_;
};

}  // namespace ncmlab
