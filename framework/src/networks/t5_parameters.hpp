// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "ncmlab/networks/t5.hpp"
#include "networks/linear_layers.hpp"
#include "networks/tensor_source.hpp"

namespace ncmlab {

/// An attention sublayer with the norm before it. No layer of T5 has a bias.
struct T5Attention {
  at::Tensor norm;
  at::Tensor query;   ///< of cross-attention alone
  JointLayers joint;  ///< query, key, value; of cross-attention key, value
  at::Tensor out;     ///< [d_model, heads * d_kv]
};

struct T5FeedForward {
  at::Tensor norm;
  JointLayers wide;  ///< wi, or wi_0 and wi_1
  at::Tensor out;
};

struct T5Block {
  T5Attention self;
  T5Attention cross;  ///< of the decoder alone
  T5FeedForward feed_forward;
};

/// The encoder or the decoder.
struct T5Stack {
  at::Tensor position_bias;  ///< [buckets, heads], shared by all blocks
  std::vector<T5Block> blocks;
  at::Tensor final_norm;
};

struct T5Parameters {
  at::Tensor words;
  T5Stack encoder, decoder;
  StateDict named;  ///< every parameter under its name in T5ForConditionalGeneration
};

T5Parameters make_parameters(const T5Config& config, const TensorSource& source);

TensorSource random_source(const T5Config& config, const Rng& rng);

NamedShapes unused_tensors(const T5Config& config);

}  // namespace ncmlab
