// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/networks/roberta.hpp"
#include "networks/config_fields.hpp"

namespace ncmlab {

RobertaConfig RobertaConfig::from_json(std::string_view json, std::string_view origin) {
  const ConfigFields fields(json, origin, "RoBERTa", "roberta");
  fields.one_of("position_embedding_type", "absolute", {"absolute"});
  bool is_decoder = false;
  fields.optional("is_decoder", is_decoder);
  if (is_decoder) {
    fields.fail("`is_decoder` is true, but only encoders are supported");
  }
  RobertaConfig config;
  // What Hugging Face's RobertaConfig assumes where the file is silent.
  config.type_vocab_size = 2;
  config.layer_norm_eps = 1e-12;
  fields.required("vocab_size", config.vocab_size, ConfigFields::kLargestVocabulary);
  fields.required("hidden_size", config.hidden_size, ConfigFields::kLargestWidth);
  fields.required("num_hidden_layers", config.num_hidden_layers, ConfigFields::kLargestDepth);
  fields.required("num_attention_heads", config.num_attention_heads, ConfigFields::kLargestWidth);
  fields.required("intermediate_size", config.intermediate_size, ConfigFields::kLargestWidth * 4);
  fields.required("max_position_embeddings", config.max_position_embeddings,
                  ConfigFields::kLargestPosition);
  fields.optional("type_vocab_size", config.type_vocab_size, 1, ConfigFields::kLargestVocabulary);
  fields.optional("pad_token_id", config.pad_token_id, 0, config.vocab_size - 1);
  fields.optional("hidden_dropout_prob", config.hidden_dropout_prob, 1);
  fields.optional("attention_probs_dropout_prob", config.attention_probs_dropout_prob, 1);
  fields.optional("layer_norm_eps", config.layer_norm_eps, 1);
  fields.optional("initializer_range", config.initializer_range, 1000);
  config.hidden_act =
      *from_string<Activation>(fields.one_of("hidden_act", "gelu", {"gelu", "gelu_new", "relu"}));
  if (config.hidden_size % config.num_attention_heads != 0) {
    fields.fail("`hidden_size` " + std::to_string(config.hidden_size) +
                " is not a multiple of `num_attention_heads` " +
                std::to_string(config.num_attention_heads));
  }
  if (config.max_position_embeddings < config.pad_token_id + 2) {
    fields.fail("`max_position_embeddings` " + std::to_string(config.max_position_embeddings) +
                " leaves no position above `pad_token_id` " + std::to_string(config.pad_token_id));
  }
  return config;
}

std::string RobertaConfig::to_json() const {
  const nlohmann::ordered_json json = {
      {"architectures", {"RobertaModel"}},
      {"model_type", "roberta"},
      {"vocab_size", vocab_size},
      {"hidden_size", hidden_size},
      {"num_hidden_layers", num_hidden_layers},
      {"num_attention_heads", num_attention_heads},
      {"intermediate_size", intermediate_size},
      {"max_position_embeddings", max_position_embeddings},
      {"type_vocab_size", type_vocab_size},
      {"bos_token_id", 0},
      {"pad_token_id", pad_token_id},
      {"eos_token_id", 2},
      {"hidden_act", to_string(hidden_act)},
      {"hidden_dropout_prob", hidden_dropout_prob},
      {"attention_probs_dropout_prob", attention_probs_dropout_prob},
      {"layer_norm_eps", layer_norm_eps},
      {"initializer_range", initializer_range},
      {"position_embedding_type", "absolute"}};
  return json.dump(2) + "\n";
}

}  // namespace ncmlab
