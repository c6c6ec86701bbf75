// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/plugin/roberta_model.hpp"

#include "ncmlab/networks/roberta.hpp"
#include "networks/sinusoidal_positions.hpp"

namespace ncmlab {
namespace {

// RoBERTa numbers positions from the padding id + 1.
constexpr std::int64_t kPositionOffset = 2;

}  // namespace

RobertaModel::RobertaModel(const RobertaSettings& settings, std::string_view name)
    : TransformerModel(settings, name, "roberta"),
      initializer_range_(settings.initializer_range),
      has_sinusoids_(settings.positions == PositionStart::sinusoidal) {}

Pooling RobertaModel::pooling(const HeadShape& head) const {
  return head.kind == HeadKind::similarity ? Pooling::mean : Pooling::cls;
}

std::unique_ptr<Encoder> RobertaModel::fresh_network(const NetworkSize& size,
                                                     const Tokenizer& tokenizer,
                                                     const ModelContext& context) const {
  RobertaConfig network;
  network.vocab_size = tokenizer.vocab_size();
  network.hidden_size = size.hidden;
  network.num_hidden_layers = size.layers;
  network.num_attention_heads = size.heads;
  network.intermediate_size = size.intermediate;
  network.max_position_embeddings = context.rules.max_tokens + kPositionOffset;
  network.hidden_dropout_prob = network.attention_probs_dropout_prob = settings().dropout;
  network.initializer_range = initializer_range_;
  auto encoder =
      make_roberta(network, pooling(context.head), context.rng.stream("encoder weights"));
  if (has_sinusoids_) {
    fill_with_sinusoids(encoder->parameters().at("embeddings.position_embeddings.weight"),
                        initializer_range_);
  }
  return encoder;
}

}  // namespace ncmlab
