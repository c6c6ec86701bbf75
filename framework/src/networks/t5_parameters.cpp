// SPDX-License-Identifier: Apache-2.0
#include "networks/t5_parameters.hpp"

#include <torch/types.h>

#include <cmath>

namespace ncmlab {
namespace {

class StackBuilder {
 public:
  StackBuilder(const T5Config& config, ParameterBuilder& build) : config_(config), build_(build) {}

  T5Stack stack(const std::string& prefix, std::int64_t blocks, bool decoder) {
    T5Stack result;
    result.position_bias =
        build_.parameter(prefix + "block.0.layer.0.SelfAttention.relative_attention_bias.weight",
                         {config_.relative_attention_num_buckets, config_.num_heads});
    for (std::int64_t i = 0; i < blocks; ++i) {
      const std::string layer = prefix + "block." + std::to_string(i) + ".layer.";
      T5Block block;
      block.self = attention(layer + "0.", "SelfAttention.", false);
      if (decoder) {
        block.cross = attention(layer + "1.", "EncDecAttention.", true);
      }
      block.feed_forward = feed_forward(layer + (decoder ? "2." : "1."));
      result.blocks.push_back(std::move(block));
    }
    result.final_norm = norm(prefix + "final_layer_norm");
    return result;
  }

 private:
  at::Tensor norm(const std::string& name) {
    return build_.parameter(name + ".weight", {config_.d_model}, Initial::ones);
  }

  T5Attention attention(const std::string& layer, const std::string& kind, bool cross) {
    const std::string prefix = layer + kind;
    const std::int64_t inner = config_.num_heads * config_.d_kv;
    T5Attention result;
    if (cross) {
      result.query = build_.parameter(prefix + "q.weight", {inner, config_.d_model});
    }
    result.joint =
        build_.joint(cross ? std::vector<std::string>{prefix + "k", prefix + "v"}
                           : std::vector<std::string>{prefix + "q", prefix + "k", prefix + "v"},
                     inner, config_.d_model, false);
    result.out = build_.parameter(prefix + "o.weight", {config_.d_model, inner});
    result.norm = norm(layer + "layer_norm");
    return result;
  }

  T5FeedForward feed_forward(const std::string& layer) {
    const std::string prefix = layer + "DenseReluDense.";
    T5FeedForward result;
    result.wide = build_.joint(config_.is_gated_act
                                   ? std::vector<std::string>{prefix + "wi_0", prefix + "wi_1"}
                                   : std::vector<std::string>{prefix + "wi"},
                               config_.d_ff, config_.d_model, false);
    result.out = build_.parameter(prefix + "wo.weight", {config_.d_model, config_.d_ff});
    result.norm = norm(layer + "layer_norm");
    return result;
  }

  const T5Config& config_;
  ParameterBuilder& build_;
};

/// As Hugging Face's T5PreTrainedModel._init_weights, which follows Mesh TensorFlow.
double initial_std(const T5Config& config, std::string_view name) {
  const auto model = static_cast<double>(config.d_model);
  const auto head = static_cast<double>(config.d_kv);
  if (name == "shared.weight") {
    return 1;
  }
  if (name.ends_with(".q.weight")) {
    return 1 / std::sqrt(model * head);
  }
  if (name.ends_with(".o.weight")) {
    return 1 / std::sqrt(static_cast<double>(config.num_heads) * head);
  }
  if (name.ends_with(".wo.weight")) {
    return 1 / std::sqrt(static_cast<double>(config.d_ff));
  }
  return 1 / std::sqrt(model);
}

}  // namespace

T5Parameters make_parameters(const T5Config& config, const TensorSource& source) {
  T5Parameters result;
  ParameterBuilder build(source, result.named);
  StackBuilder stacks(config, build);
  result.words = build.parameter("shared.weight", {config.vocab_size, config.d_model});
  result.encoder = stacks.stack("encoder.", config.num_layers, false);
  result.decoder = stacks.stack("decoder.", config.num_decoder_layers, true);
  return result;
}

TensorSource random_source(const T5Config& config, const Rng& rng) {
  const auto std_of = [config](std::string_view name) {
    return config.initializer_factor * initial_std(config, name);
  };
  return random_source(rng, std_of, config.initializer_factor);
}

NamedShapes unused_tensors(const T5Config& config) {
  return config.tie_word_embeddings
             ? NamedShapes()
             : NamedShapes{{"lm_head.weight", {config.vocab_size, config.d_model}}};
}

}  // namespace ncmlab
