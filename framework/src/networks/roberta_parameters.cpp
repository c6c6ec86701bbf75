// SPDX-License-Identifier: Apache-2.0
#include "networks/roberta_parameters.hpp"

#include <torch/torch.h>

#include "networks/random_weights.hpp"

namespace ncmlab {
namespace {

class Builder {
 public:
  Builder(RobertaParameters& target, const TensorSource& source)
      : target_(target), source_(source) {}

  at::Tensor parameter(const std::string& name, const std::vector<std::int64_t>& sizes,
                       Initial initial) {
    at::Tensor tensor = source_(name, sizes, initial);
    if (tensor.defined()) {
      target_.named.add(name, tensor.requires_grad_());
    }
    return tensor;
  }
  Affine linear(const std::string& name, std::int64_t outputs, std::int64_t inputs) {
    return {.weight = parameter(name + ".weight", {outputs, inputs}, Initial::normal),
            .bias = parameter(name + ".bias", {outputs}, Initial::zeros)};
  }
  Affine norm(const std::string& name, std::int64_t width) {
    return {.weight = parameter(name + ".weight", {width}, Initial::ones),
            .bias = parameter(name + ".bias", {width}, Initial::zeros)};
  }

 private:
  RobertaParameters& target_;
  const TensorSource& source_;
};

}  // namespace

RobertaParameters make_parameters(const RobertaConfig& config, const TensorSource& source) {
  RobertaParameters result;
  Builder build(result, source);
  const std::int64_t hidden = config.hidden_size;
  const auto table = [&](const std::string& name, std::int64_t rows) {
    return build.parameter("embeddings." + name + ".weight", {rows, hidden}, Initial::normal);
  };
  result.words = table("word_embeddings", config.vocab_size);
  result.positions = table("position_embeddings", config.max_position_embeddings);
  result.types = table("token_type_embeddings", config.type_vocab_size);
  result.embedding_norm = build.norm("embeddings.LayerNorm", hidden);
  for (std::int64_t i = 0; i < config.num_hidden_layers; ++i) {
    const std::string prefix = "encoder.layer." + std::to_string(i) + ".";
    RobertaLayer layer;
    const std::string attention = prefix + "attention.self.";
    layer.joint = joint_layers({attention + "query", attention + "key", attention + "value"},
                               hidden, hidden, true, source, result.named);
    layer.attention_out = build.linear(prefix + "attention.output.dense", hidden, hidden);
    layer.attention_norm = build.norm(prefix + "attention.output.LayerNorm", hidden);
    layer.intermediate =
        build.linear(prefix + "intermediate.dense", config.intermediate_size, hidden);
    layer.output = build.linear(prefix + "output.dense", hidden, config.intermediate_size);
    layer.output_norm = build.norm(prefix + "output.LayerNorm", hidden);
    result.layers.push_back(std::move(layer));
  }
  return result;
}

TensorSource random_source(const RobertaConfig& config, const Rng& rng) {
  return [std = config.initializer_range, pad = config.pad_token_id, rng](
             const std::string& name, const std::vector<std::int64_t>& sizes, Initial initial) {
    if (initial != Initial::normal) {
      return at::full(sizes, initial == Initial::ones ? 1.0 : 0.0, at::kFloat);
    }
    at::Tensor tensor = random_weights(sizes, std, rng.stream(name)).detach();
    // As Hugging Face does for the word and position tables: padding has the zero vector.
    if (name.ends_with("word_embeddings.weight") || name.ends_with("position_embeddings.weight")) {
      tensor[pad].zero_();
    }
    return tensor;
  };
}

RobertaParameters load_parameters(const RobertaConfig& config, const StateDict& weights,
                                  at::Device device) {
  StoredTensors stored(weights, device);
  RobertaParameters result = make_parameters(config, stored.source());
  const std::int64_t hidden = config.hidden_size;
  const auto carry_along = [&](const std::string& name, const std::vector<std::int64_t>& sizes) {
    if (weights.contains(name)) {
      result.named.add(name, stored.copy(name, sizes));
    }
  };
  carry_along("pooler.dense.weight", {hidden, hidden});
  carry_along("pooler.dense.bias", {hidden});
  stored.check();
  return result;
}

}  // namespace ncmlab
