// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <utility>

#include "ncmlab/core/rng.hpp"
#include "ncmlab/networks/encoder.hpp"
#include "networks/linear_layers.hpp"
#include "networks/packed_rows.hpp"
#include "networks/tensor_source.hpp"

namespace ncmlab {

/// What the encoders that compute batches without their padding have in common. `Network` is the
/// derived class, made from (Config, Pooling, Parameters). Of `Config` there are
///
/// - `Parameters make_parameters(config, source)`, with the tensor `words` and all under their
///   names in `named`;
/// - `TensorSource random_source(config, rng)`;
/// - `NamedShapes unused_tensors(config)`: what weights may hold besides, to be carried along.
template <typename Network, typename Config, typename Parameters>
class PackedEncoder : public Encoder {
 public:
  static std::unique_ptr<Encoder> random(const Config& config, Pooling pooling, const Rng& rng) {
    return std::make_unique<Network>(config, pooling,
                                     make_parameters(config, random_source(config, rng)));
  }
  /// Throws what StoredTensors::check() throws.
  static std::unique_ptr<Encoder> stored(const Config& config, Pooling pooling,
                                         const StateDict& weights) {
    return std::make_unique<Network>(config, pooling, copied(config, weights, at::kCPU));
  }

  const EncoderShape& shape() const final { return shape_; }
  at::Tensor embedding_table() const final { return parameters_.words; }
  StateDict parameters() const final { return parameters_.named; }

  std::unique_ptr<Encoder> clone() const final {
    auto copy = std::make_unique<Network>(config_, shape_.pooling,
                                          copied(config_, parameters_.named, device()));
    copy->set_precision(precision());
    return copy;
  }

  void to(at::Device device) final {
    if (device != this->device()) {
      parameters_ = copied(config_, parameters_.named, device);
      products_ = {};
    }
  }

  at::Tensor encode(const Batch& batch, bool training) final {
    return in_pieces(batch, parameters_.words.new_empty({0, shape_.hidden}),
                     [&](const Batch& piece) { return encode_rows(piece, training); });
  }

 protected:
  PackedEncoder(Config config, const EncoderShape& shape, Parameters parameters)
      : config_(std::move(config)), shape_(shape), parameters_(std::move(parameters)) {}

  PackedRows packed(const Batch& batch) const {
    return pack_rows(batch, shape_.vocab_size, shape_.max_tokens);
  }

  Config config_;
  EncoderShape shape_;
  Parameters parameters_;
  LinearLayers products_;

 private:
  virtual at::Tensor encode_rows(const Batch& batch, bool training) = 0;

  static Parameters copied(const Config& config, const StateDict& weights, at::Device device) {
    StoredTensors stored(weights, device);
    Parameters result = make_parameters(config, stored.source());
    for (const auto& [name, sizes] : unused_tensors(config)) {
      if (weights.contains(name)) {
        result.named.add(name, stored.copy(name, sizes));
      }
    }
    stored.check();
    return result;
  }
};

}  // namespace ncmlab
