// SPDX-License-Identifier: Apache-2.0
#include "nn/roberta_parameters.hpp"

#include <torch/torch.h>

#include "ncmlab/core/diagnostic.hpp"
#include "nn/random_weights.hpp"
#include "nn/shape_text.hpp"

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

  /// Query, key and value as views of one storage.
  void joint(const std::string& prefix, std::int64_t hidden, RobertaLayer& layer) {
    const char* names[] = {"query", "key", "value"};
    std::vector<at::Tensor> weights, biases;
    for (const std::string name : names) {
      weights.push_back(source_(prefix + name + ".weight", {hidden, hidden}, Initial::normal));
      biases.push_back(source_(prefix + name + ".bias", {hidden}, Initial::zeros));
      if (!weights.back().defined() || !biases.back().defined()) {
        return;
      }
    }
    layer.joint.weight = at::cat(weights);
    layer.joint.bias = at::cat(biases);
    weights = layer.joint.weight.chunk(3);
    biases = layer.joint.bias.chunk(3);
    for (std::size_t i = 0; i < 3; ++i) {
      weights[i] = weights[i].detach().requires_grad_();
      biases[i] = biases[i].detach().requires_grad_();
      target_.named.add(prefix + names[i] + ".weight", weights[i]);
      target_.named.add(prefix + names[i] + ".bias", biases[i]);
    }
    layer.joint.parts = weights;
    layer.joint.parts.insert(layer.joint.parts.end(), biases.begin(), biases.end());
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
    build.joint(prefix + "attention.self.", hidden, layer);
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
  std::vector<Diagnostic> problems;
  const auto source = [&](const std::string& name, const std::vector<std::int64_t>& sizes,
                          Initial) -> at::Tensor {
    const at::Tensor* found = weights.find(name);
    if (found == nullptr) {
      problems.push_back(
          {.code = "checkpoint.missing-tensor",
           .message = "the weights have no tensor `" + name + "` of shape " + shape_text(sizes)});
    } else if (found->sizes() != at::IntArrayRef(sizes)) {
      problems.push_back({.code = "checkpoint.shape",
                          .message = "tensor `" + name + "` should have the shape " +
                                     shape_text(sizes) + " by `config.json`, but has " +
                                     shape_text(found->sizes())});
    } else {
      return found->detach().to(device, at::kFloat, false, true).contiguous();
    }
    return {};
  };
  RobertaParameters result = make_parameters(config, source);
  const std::int64_t hidden = config.hidden_size;
  const auto carry_along = [&](const std::string& name, const std::vector<std::int64_t>& sizes) {
    if (weights.contains(name)) {
      result.named.add(name, source(name, sizes, Initial::zeros));
    }
  };
  carry_along("pooler.dense.weight", {hidden, hidden});
  carry_along("pooler.dense.bias", {hidden});
  if (!problems.empty()) {
    throw Error(std::move(problems));
  }
  return result;
}

}  // namespace ncmlab
