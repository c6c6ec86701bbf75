// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/networks/t5.hpp"

#include <torch/types.h>

#include <algorithm>

#include "kernels/activation.hpp"
#include "kernels/fused_ops.hpp"
#include "ncmlab/core/diagnostic.hpp"
#include "networks/packed_encoder.hpp"
#include "networks/t5_parameters.hpp"
#include "networks/t5_positions.hpp"

namespace ncmlab {
namespace {

/// Positions are relative, so that nothing but memory limits a row; this keeps sizes sane.
constexpr std::int64_t kLongestRow = 1'000'000;

class T5Encoder final : public PackedEncoder<T5Encoder, T5Config, T5Parameters> {
 public:
  T5Encoder(const T5Config& config, Pooling pooling, T5Parameters parameters)
      : PackedEncoder(config,
                      {.vocab_size = config.vocab_size,
                       .hidden = config.d_model,
                       .layers = config.num_layers + config.num_decoder_layers,
                       .max_tokens = kLongestRow,
                       .pooling = pooling,
                       .dropout = config.dropout_rate},
                      std::move(parameters)) {}

  std::string config_json() const override {
    return config_.to_json(parameters_.named.contains("lm_head.weight"));
  }

  std::vector<at::Tensor> hidden_states(const Batch& batch, bool training) override {
    std::vector<at::Tensor> states;
    const Watched watched{.states = &states};
    encoder_states(batch, packed(batch), training, &watched);
    return states;
  }

  std::vector<at::Tensor> decoder_hidden_states(const Batch& batch, bool training) override {
    const PackedRows rows = packed(batch);
    std::vector<at::Tensor> states;
    decoder_states(batch, {.states = encoder_states(batch, rows, training), .rows = rows}, training,
                   {.states = &states});
    return states;
  }

  std::vector<std::string> feed_forward_readers() const override {
    std::vector<std::string> names;
    const auto add_stack = [&](const T5Stack& stack, const std::string& name, int place) {
      for (std::size_t i = 0; i < stack.blocks.size(); ++i) {
        names.push_back(name + ".block." + std::to_string(i) + ".layer." + std::to_string(place) +
                        ".DenseReluDense.wo.weight");
      }
    };
    add_stack(parameters_.encoder, "encoder", 1);
    add_stack(parameters_.decoder, "decoder", 2);
    return names;
  }

  void observe_units(const Batch& batch, const UnitObserver& observe) override {
    const at::NoGradGuard no_grad;
    const PackedRows rows = packed(batch);
    std::size_t network = 0;
    const Watched watched{.units = [&](const at::Tensor& units) { observe(network++, units); }};
    const at::Tensor states = encoder_states(batch, rows, false, &watched);
    decoder_states(batch, {.states = states, .rows = rows}, false, watched);
  }

 private:
  /// What is seen of a pass besides its result.
  struct Watched {
    std::vector<at::Tensor>* states = nullptr;                ///< where those of each layer go
    std::function<void(const at::Tensor& units)> units = {};  ///< of each feed-forward network

    void add_states(const PackedRows& rows, const at::Tensor& of_layer) const {
      if (states != nullptr) {
        states->push_back(rows.unpack(of_layer));
      }
    }
  };

  /// What the decoder reads of the encoder.
  struct Source {
    at::Tensor states;
    const PackedRows& rows;
  };

  at::Tensor encode_rows(const Batch& batch, bool training) override {
    const PackedRows rows = packed(batch);
    const std::vector<std::int64_t> pooled = last_eos(rows);
    const Source source{.states = encoder_states(batch, rows, training), .rows = rows};
    const Batch target = shifted(batch, at::tensor(pooled) + 1);
    const PackedRows target_rows = packed(target);
    const at::Tensor bias = position_bias(parameters_.decoder, target_rows, false);
    at::Tensor states = embed(target, target_rows, training);
    for (std::size_t i = 0; i + 1 < parameters_.decoder.blocks.size(); ++i) {
      states =
          decoder_block(parameters_.decoder.blocks[i], states, target_rows, bias, source, training);
    }
    return final_norm(parameters_.decoder,
                      pooled_block(parameters_.decoder.blocks.back(), states, target_rows, bias,
                                   source, pooled, training),
                      training);
  }

  /// The place of each row's last end of sequence.
  std::vector<std::int64_t> last_eos(const PackedRows& rows) const {
    const auto* ids = rows.ids.data_ptr<std::int64_t>();
    std::vector<std::int64_t> places;
    for (std::size_t row = 0; row + 1 < rows.starts.size(); ++row) {
      std::int64_t place = rows.starts[row + 1] - 1;
      while (place >= rows.starts[row] && ids[place] != config_.eos_token_id) {
        --place;
      }
      if (place < rows.starts[row]) {
        throw Error("model.no-eos",
                    "row " + std::to_string(row) + " has no token " +
                        std::to_string(config_.eos_token_id) +
                        " (`eos_token_id`), but a T5 model's vector is the state at the last one",
                    {"end every row with the tokenizer's `</s>`"});
      }
      places.push_back(place - rows.starts[row]);
    }
    return places;
  }

  /// The decoder's input: the first `lengths` tokens of the start token and the row.
  Batch shifted(const Batch& batch, const at::Tensor& lengths) const {
    const std::int64_t rows = batch.ids.size(0);
    const std::int64_t rest = batch.ids.size(1) - 1;
    const std::int64_t start = config_.decoder_start_token_id;
    Batch result;
    result.ids =
        at::cat({at::full({rows, 1}, start, batch.ids.options()), batch.ids.narrow(1, 0, rest)}, 1);
    result.lengths = lengths;
    if (batch.decoder_embeddings.defined()) {
      result.embeddings = batch.decoder_embeddings;
    } else if (batch.embeddings.defined()) {
      const at::Tensor first = parameters_.words[start].expand({rows, 1, shape_.hidden});
      result.embeddings = at::cat({first, batch.embeddings.narrow(1, 0, rest).to(device())}, 1);
    }
    return result;
  }

  double dropout(bool training) const { return training ? config_.dropout_rate : 0.0; }

  at::Tensor drop(const at::Tensor& values, bool training) const {
    return training ? at::dropout(values, config_.dropout_rate, true) : values;
  }

  at::Tensor embed(const Batch& batch, const PackedRows& rows, bool training) const {
    return drop(batch.embeddings.defined()
                    ? rows.pack(batch.embeddings)
                    : at::embedding(parameters_.words, rows.ids.to(device())),
                training);
  }

  at::Tensor norm(const at::Tensor& states, const at::Tensor& weight) const {
    return ops::rms_norm(states, weight, config_.layer_norm_epsilon);
  }

  at::Tensor final_norm(const T5Stack& stack, const at::Tensor& states, bool training) const {
    return drop(norm(states, stack.final_norm), training);
  }

  at::Tensor linear(const at::Tensor& weight, const at::Tensor& input) {
    return products_.linear(precision(), input, weight, {});
  }

  /// states + dropout(branch)
  at::Tensor add(const at::Tensor& states, const at::Tensor& branch, bool training) const {
    return states + drop(branch, training);
  }

  /// What the places of tokens add to attention scores, [heads, 2 * longest row - 1].
  at::Tensor position_bias(const T5Stack& stack, const PackedRows& rows, bool bidirectional) const {
    std::int64_t longest = 1;
    for (std::size_t row = 0; row + 1 < rows.starts.size(); ++row) {
      longest = std::max(longest, rows.starts[row + 1] - rows.starts[row]);
    }
    const PositionBuckets buckets{.count = config_.relative_attention_num_buckets,
                                  .max_distance = config_.relative_attention_max_distance,
                                  .bidirectional = bidirectional};
    return at::embedding(stack.position_bias, buckets_of_distances(buckets, longest).to(device()))
        .t()
        .contiguous();
  }

  ops::AttentionRule rule(const at::Tensor& bias, bool causal, bool training) const {
    return {.heads = config_.num_heads,
            .scale = 1.0,
            .dropout = dropout(training),
            .causal = causal,
            .bf16 = precision() == Precision::bf16,
            .bias = bias};
  }

  at::Tensor encoder_states(const Batch& batch, const PackedRows& rows, bool training,
                            const Watched* watched = nullptr) {
    at::Tensor states = embed(batch, rows, training);
    const at::Tensor bias = position_bias(parameters_.encoder, rows, true);
    for (const T5Block& block : parameters_.encoder.blocks) {
      if (watched != nullptr) {
        watched->add_states(rows, states);
      }
      states = self_attention(block.self, states, rows, rule(bias, false, training), training);
      states = feed_forward(block.feed_forward, states, training, watched);
    }
    states = final_norm(parameters_.encoder, states, training);
    if (watched != nullptr) {
      watched->add_states(rows, states);
    }
    return states;
  }

  /// The decoder over whole rows.
  void decoder_states(const Batch& batch, const Source& source, bool training,
                      const Watched& watched) {
    const Batch target = shifted(batch, batch.lengths);
    const PackedRows rows = packed(target);
    at::Tensor states = embed(target, rows, training);
    const at::Tensor bias = position_bias(parameters_.decoder, rows, false);
    for (const T5Block& block : parameters_.decoder.blocks) {
      watched.add_states(rows, states);
      states = decoder_block(block, states, rows, bias, source, training, &watched);
    }
    watched.add_states(rows, final_norm(parameters_.decoder, states, training));
  }

  at::Tensor self_attention(const T5Attention& weights, const at::Tensor& states,
                            const PackedRows& rows, const ops::AttentionRule& rule, bool training) {
    const at::Tensor joint =
        products_.joint(precision(), norm(states, weights.norm), weights.joint);
    return add(states, linear(weights.out, ops::attention(joint, rows.starts, rule)), training);
  }

  /// Attention to the encoder's states, which has no position bias.
  at::Tensor source_attention(const T5Attention& weights, const at::Tensor& states,
                              const ops::QueryRows& queries, const Source& source, bool training) {
    const at::Tensor query = linear(weights.query, norm(states, weights.norm));
    const at::Tensor attended =
        ops::cross_attention(query, products_.joint(precision(), source.states, weights.joint),
                             queries, source.rows.starts, rule({}, false, training));
    return add(states, linear(weights.out, attended), training);
  }

  at::Tensor feed_forward(const T5FeedForward& weights, const at::Tensor& states, bool training,
                          const Watched* watched = nullptr) {
    const at::Tensor input = norm(states, weights.norm);
    at::Tensor active;
    if (config_.is_gated_act) {
      const at::Tensor wide = products_.joint(precision(), input, weights.wide);
      active = activate(config_.dense_act_fn, wide.narrow(1, 0, config_.d_ff)) *
               wide.narrow(1, config_.d_ff, config_.d_ff);
    } else {
      active =
          products_.activated(precision(), input, weights.wide.parts[0], {}, config_.dense_act_fn);
    }
    if (watched != nullptr && watched->units) {
      watched->units(active);
    }
    return add(states, linear(weights.out, drop(active, training)), training);
  }

  at::Tensor decoder_block(const T5Block& block, at::Tensor states, const PackedRows& rows,
                           const at::Tensor& bias, const Source& source, bool training,
                           const Watched* watched = nullptr) {
    states = self_attention(block.self, states, rows, rule(bias, true, training), training);
    states = source_attention(block.cross, states, {.starts = rows.starts}, source, training);
    return feed_forward(block.feed_forward, states, training, watched);
  }

  /// The decoder's last block for the pooled token of each row alone: keys and values of its
  /// self-attention are needed of every token, all else of one.
  at::Tensor pooled_block(const T5Block& block, const at::Tensor& states, const PackedRows& rows,
                          const at::Tensor& bias, const Source& source,
                          const std::vector<std::int64_t>& pooled, bool training) {
    const auto count = static_cast<std::size_t>(rows.rows);
    const at::Tensor normed = norm(states, block.self.norm);
    const at::Tensor last = (rows.first_tokens() + at::tensor(pooled)).to(device());
    const at::Tensor query = linear(block.self.joint.parts[0], normed.index_select(0, last));
    const at::Tensor attended = ops::cross_attention(
        query, products_.joint(precision(), normed, block.self.joint, 1),
        ops::single_queries(count, pooled), rows.starts, rule(bias, true, training));
    const at::Tensor after =
        add(states.index_select(0, last), linear(block.self.out, attended), training);
    return feed_forward(
        block.feed_forward,
        source_attention(block.cross, after, ops::single_queries(count), source, training),
        training);
  }
};

}  // namespace

std::unique_ptr<Encoder> make_t5(const T5Config& config, Rng rng) {
  return T5Encoder::random(config, Pooling::last_eos, rng);
}

std::unique_ptr<Encoder> make_t5(const T5Config& config, const StateDict& weights) {
  return T5Encoder::stored(config, Pooling::last_eos, weights);
}

}  // namespace ncmlab
