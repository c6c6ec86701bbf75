// SPDX-License-Identifier: Apache-2.0
#include "networks/roberta_parameters.hpp"

#include <torch/types.h>

namespace ncmlab {
namespace {

Affine linear(ParameterBuilder& build, const std::string& name, std::int64_t outputs,
              std::int64_t inputs) {
  return {.weight = build.parameter(name + ".weight", {outputs, inputs}),
          .bias = build.parameter(name + ".bias", {outputs}, Initial::zeros)};
}

Affine norm(ParameterBuilder& build, const std::string& name, std::int64_t width) {
  return {.weight = build.parameter(name + ".weight", {width}, Initial::ones),
          .bias = build.parameter(name + ".bias", {width}, Initial::zeros)};
}

}  // namespace

RobertaParameters make_parameters(const RobertaConfig& config, const TensorSource& source) {
  RobertaParameters result;
  ParameterBuilder build(source, result.named);
  const std::int64_t hidden = config.hidden_size;
  const auto table = [&](const std::string& name, std::int64_t rows) {
    return build.parameter("embeddings." + name + ".weight", {rows, hidden});
  };
  result.words = table("word_embeddings", config.vocab_size);
  result.positions = table("position_embeddings", config.max_position_embeddings);
  result.types = table("token_type_embeddings", config.type_vocab_size);
  result.embedding_norm = norm(build, "embeddings.LayerNorm", hidden);
  for (std::int64_t i = 0; i < config.num_hidden_layers; ++i) {
    const std::string prefix = "encoder.layer." + std::to_string(i) + ".";
    RobertaLayer layer;
    const std::string attention = prefix + "attention.self.";
    layer.joint = build.joint({attention + "query", attention + "key", attention + "value"}, hidden,
                              hidden, true);
    layer.attention_out = linear(build, prefix + "attention.output.dense", hidden, hidden);
    layer.attention_norm = norm(build, prefix + "attention.output.LayerNorm", hidden);
    layer.intermediate =
        linear(build, prefix + "intermediate.dense", config.intermediate_size, hidden);
    layer.output = linear(build, prefix + "output.dense", hidden, config.intermediate_size);
    layer.output_norm = norm(build, prefix + "output.LayerNorm", hidden);
    result.layers.push_back(std::move(layer));
  }
  return result;
}

TensorSource random_source(const RobertaConfig& config, const Rng& rng) {
  const auto std_of = [std = config.initializer_range](std::string_view) { return std; };
  return [draw = random_source(rng, std_of), pad = config.pad_token_id](
             const std::string& name, const std::vector<std::int64_t>& sizes, Initial initial) {
    at::Tensor tensor = draw(name, sizes, initial);
    // As Hugging Face does for the word and position tables: padding has the zero vector.
    if (name.ends_with("word_embeddings.weight") || name.ends_with("position_embeddings.weight")) {
      tensor[pad].zero_();
    }
    return tensor;
  };
}

NamedShapes unused_tensors(const RobertaConfig& config) {
  const std::int64_t hidden = config.hidden_size;
  return {{"pooler.dense.weight", {hidden, hidden}}, {"pooler.dense.bias", {hidden}}};
}

}  // namespace ncmlab
