// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

#include "ncmlab/networks/roberta.hpp"
#include "networks/linear_layers.hpp"
#include "networks/tensor_source.hpp"

namespace ncmlab {

/// The weight and bias of a linear layer or a norm.
struct Affine {
  at::Tensor weight, bias;
};

/// One layer. Query, key and value share one storage, so that one matrix product serves all three
/// while each stays a parameter with a name, a gradient and an optimiser state of its own.
struct RobertaLayer {
  JointLayers joint;  ///< query, key, value
  Affine attention_out, attention_norm, intermediate, output, output_norm;
};

struct RobertaParameters {
  at::Tensor words, positions, types;
  Affine embedding_norm;
  std::vector<RobertaLayer> layers;
  StateDict named;  ///< every parameter under its name in Hugging Face's RobertaModel
};

RobertaParameters make_parameters(const RobertaConfig& config, const TensorSource& source);

TensorSource random_source(const RobertaConfig& config, const Rng& rng);

NamedShapes unused_tensors(const RobertaConfig& config);

}  // namespace ncmlab
