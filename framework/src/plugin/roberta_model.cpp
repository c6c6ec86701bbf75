// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/plugin/roberta_model.hpp"

#include "ncmlab/networks/roberta.hpp"
#include "networks/sinusoidal_positions.hpp"

namespace ncmlab {
namespace {

// RoBERTa numbers positions from the padding id + 1.
constexpr std::int64_t kPositionOffset = 2;

Pooling pooling(const ModelContext& context) {
  return context.head.kind == HeadKind::similarity ? Pooling::mean : Pooling::cls;
}

CheckpointUse use_of(const RobertaSettings& settings, const ModelContext& context) {
  return {.model_type = "roberta",
          .pooling = pooling(context),
          .label_columns = settings.label_columns};
}

}  // namespace

CodeModel build_roberta(const RobertaSettings& settings, std::shared_ptr<const Tokenizer> tokenizer,
                        const ModelContext& context) {
  if (!settings.checkpoint.empty()) {
    return open_roberta(settings, settings.checkpoint, std::move(tokenizer), context);
  }
  const NetworkSize size = network_size(settings.preset);
  RobertaConfig network;
  network.vocab_size = tokenizer->vocab_size();
  network.hidden_size = size.hidden;
  network.num_hidden_layers = size.layers;
  network.num_attention_heads = size.heads;
  network.intermediate_size = size.intermediate;
  network.max_position_embeddings = context.rules.max_tokens + kPositionOffset;
  network.hidden_dropout_prob = network.attention_probs_dropout_prob = settings.dropout;
  network.initializer_range = settings.initializer_range;
  auto encoder = make_roberta(network, pooling(context), context.rng.stream("encoder weights"));
  if (settings.positions == PositionStart::sinusoidal) {
    fill_with_sinusoids(encoder->parameters().at("embeddings.position_embeddings.weight"),
                        network.initializer_range);
  }
  return CodeModel(std::move(tokenizer), std::move(encoder),
                   Head(head_shape(settings, context), context.rng.stream("head weights")),
                   context.rules);
}

std::vector<std::string> check_roberta(const RobertaSettings& settings,
                                       std::shared_ptr<const Tokenizer> tokenizer,
                                       const ModelContext& context) {
  return settings.checkpoint.empty() ? std::vector<std::string>{}
                                     : check_checkpoint(settings.checkpoint, std::move(tokenizer),
                                                        use_of(settings, context), context);
}

CodeModel open_roberta(const RobertaSettings& settings, const std::filesystem::path& folder,
                       std::shared_ptr<const Tokenizer> tokenizer, const ModelContext& context) {
  return open_checkpoint(folder, std::move(tokenizer), use_of(settings, context), context);
}

}  // namespace ncmlab
