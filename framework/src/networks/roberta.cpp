// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/networks/roberta.hpp"

#include <torch/types.h>

#include "kernels/fused_ops.hpp"
#include "ncmlab/core/diagnostic.hpp"
#include "networks/packed_encoder.hpp"
#include "networks/roberta_parameters.hpp"

namespace ncmlab {
namespace {

class RobertaEncoder final
    : public PackedEncoder<RobertaEncoder, RobertaConfig, RobertaParameters> {
 public:
  RobertaEncoder(const RobertaConfig& config, Pooling pooling, RobertaParameters parameters)
      : PackedEncoder(config,
                      {.vocab_size = config.vocab_size,
                       .hidden = config.hidden_size,
                       .layers = config.num_hidden_layers,
                       .max_tokens = config.max_position_embeddings - config.pad_token_id - 1,
                       .pooling = pooling,
                       .dropout = config.hidden_dropout_prob},
                      std::move(parameters)) {
    if (pooling == Pooling::last_eos) {
      throw Error("model.bad-pooling",
                  "a RoBERTa encoder is pooled by `cls` or `mean`, not by `last_eos`");
    }
  }

  std::string config_json() const override { return config_.to_json(); }

  std::vector<at::Tensor> hidden_states(const Batch& batch, bool training) override {
    const PackedRows rows = packed(batch);
    at::Tensor states = embed(batch, rows, training);
    std::vector<at::Tensor> result = {rows.unpack(states.clone())};
    for (const RobertaLayer& weights : parameters_.layers) {
      states = layer(weights, states, rows, training);
      result.push_back(rows.unpack(states.clone()));
    }
    return result;
  }

  std::vector<std::string> feed_forward_readers() const override {
    std::vector<std::string> names;
    for (std::size_t i = 0; i < parameters_.layers.size(); ++i) {
      names.push_back("encoder.layer." + std::to_string(i) + ".output.dense.weight");
    }
    return names;
  }

  void observe_units(const Batch& batch, const UnitObserver& observe) override {
    const at::NoGradGuard no_grad;
    const PackedRows rows = packed(batch);
    at::Tensor states = embed(batch, rows, false);
    for (std::size_t i = 0; i < parameters_.layers.size(); ++i) {
      at::Tensor units;
      states = layer(parameters_.layers[i], states, rows, false, &units);
      observe(i, units);
    }
  }

 private:
  at::Tensor encode_rows(const Batch& batch, bool training) override {
    const PackedRows rows = packed(batch);
    at::Tensor states = embed(batch, rows, training);
    const std::size_t full_layers =
        parameters_.layers.size() - (shape_.pooling == Pooling::cls ? 1 : 0);
    for (std::size_t i = 0; i < full_layers; ++i) {
      states = layer(parameters_.layers[i], states, rows, training);
    }
    return shape_.pooling == Pooling::cls
               ? first_token_layer(parameters_.layers.back(), states, rows, training)
               : mean(states, rows);
  }

  double hidden_dropout(bool training) const {
    return training ? config_.hidden_dropout_prob : 0.0;
  }
  ops::AttentionRule attention_rule(bool training) const {
    return {.heads = config_.num_attention_heads,
            .dropout = training ? config_.attention_probs_dropout_prob : 0.0,
            .bf16 = precision() == Precision::bf16};
  }

  /// Positions count the tokens that are not padding, from pad_token_id + 1; a padding token
  /// inside a row has the padding's position, as in Hugging Face's create_position_ids.
  at::Tensor positions(const PackedRows& rows) const {
    at::Tensor result = at::empty_like(rows.ids);
    auto* position = result.data_ptr<std::int64_t>();
    const auto* id = rows.ids.data_ptr<std::int64_t>();
    const std::int64_t pad = config_.pad_token_id;
    for (std::size_t row = 0; row + 1 < rows.starts.size(); ++row) {
      std::int64_t next = pad + 1;
      for (std::int64_t i = rows.starts[row]; i < rows.starts[row + 1]; ++i) {
        position[i] = id[i] == pad ? pad : next++;
      }
    }
    return result;
  }

  at::Tensor embed(const Batch& batch, const PackedRows& rows, bool training) const {
    const at::Tensor words =
        batch.embeddings.defined()
            ? rows.pack(batch.embeddings)
            : at::embedding(parameters_.words, rows.ids.to(device()), config_.pad_token_id);
    const at::Tensor places =
        at::embedding(parameters_.positions, positions(rows).to(device()), config_.pad_token_id) +
        parameters_.types[0];
    const Affine& norm = parameters_.embedding_norm;
    const at::Tensor states =
        ops::add_norm(places, words, norm.weight, norm.bias, config_.layer_norm_eps, 0);
    return at::dropout(states, config_.hidden_dropout_prob, training);
  }

  at::Tensor linear(const Affine& layer, const at::Tensor& input) {
    return products_.linear(precision(), input, layer.weight, layer.bias);
  }

  at::Tensor joint(const RobertaLayer& weights, const at::Tensor& states) {
    return products_.joint(precision(), states, weights.joint);
  }

  /// What follows the attention, token by token. `units` is set to what its units give.
  at::Tensor feed_forward(const RobertaLayer& weights, const at::Tensor& attended,
                          const at::Tensor& input, bool training, at::Tensor* units = nullptr) {
    const double eps = config_.layer_norm_eps;
    const double dropout = hidden_dropout(training);
    const at::Tensor branch = linear(weights.attention_out, attended);
    const at::Tensor states = ops::add_norm(branch, input, weights.attention_norm.weight,
                                            weights.attention_norm.bias, eps, dropout);
    const at::Tensor wide = products_.activated(precision(), states, weights.intermediate.weight,
                                                weights.intermediate.bias, config_.hidden_act);
    if (units != nullptr) {
      *units = wide;
    }
    const at::Tensor narrow = linear(weights.output, wide);
    return ops::add_norm(narrow, states, weights.output_norm.weight, weights.output_norm.bias, eps,
                         dropout);
  }

  at::Tensor layer(const RobertaLayer& weights, const at::Tensor& states, const PackedRows& rows,
                   bool training, at::Tensor* units = nullptr) {
    const at::Tensor attended =
        ops::attention(joint(weights, states), rows.starts, attention_rule(training));
    return feed_forward(weights, attended, states, training, units);
  }

  /// The last layer for the first token of each row alone: keys and values are needed of every
  /// token, the query, the feed-forward network and the norms of one.
  at::Tensor first_token_layer(const RobertaLayer& weights, const at::Tensor& states,
                               const PackedRows& rows, bool training) {
    const at::Tensor first = states.index_select(0, rows.first_tokens().to(device()));
    const at::Tensor query =
        products_.linear(precision(), first, weights.joint.parts[0], weights.joint.parts[3]);
    const at::Tensor attended =
        ops::cross_attention(query, products_.joint(precision(), states, weights.joint, 1),
                             ops::single_queries(static_cast<std::size_t>(rows.rows)), rows.starts,
                             attention_rule(training));
    return feed_forward(weights, attended, first, training);
  }

  static at::Tensor mean(const at::Tensor& states, const PackedRows& rows) {
    const at::Tensor row_of_token = at::div(rows.places, rows.length, "floor");
    const at::Tensor ends = at::tensor(rows.starts).slice(0, 1);
    const at::Tensor counts = ends - rows.first_tokens();
    return at::zeros({rows.rows, states.size(1)}, states.options())
               .index_add(0, row_of_token.to(states.device()), states) /
           counts.unsqueeze(1).to(states.device());
  }
};

}  // namespace

std::unique_ptr<Encoder> make_roberta(const RobertaConfig& config, Pooling pooling, Rng rng) {
  return RobertaEncoder::random(config, pooling, rng);
}

std::unique_ptr<Encoder> make_roberta(const RobertaConfig& config, Pooling pooling,
                                      const StateDict& weights) {
  return RobertaEncoder::stored(config, pooling, weights);
}

}  // namespace ncmlab
