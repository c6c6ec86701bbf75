// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/networks/t5.hpp"
#include "networks/config_fields.hpp"

namespace ncmlab {
namespace {

/// `relu`, `gated-gelu`, ... as Hugging Face's T5Config reads it. `dense_act_fn` and
/// `is_gated_act`, which it writes beside, win where they are given.
void read_activation(const ConfigFields& fields, T5Config& config) {
  const std::vector<std::string> activations = all_names<Activation>();
  std::vector<std::string> names = activations;
  for (const std::string& name : activations) {
    names.push_back("gated-" + name);
  }
  std::string projection = fields.one_of("feed_forward_proj", "relu", names);
  config.is_gated_act = projection.starts_with("gated-");
  if (config.is_gated_act) {
    projection = projection == "gated-gelu" ? "gelu_new" : projection.substr(6);
  }
  config.dense_act_fn =
      *from_string<Activation>(fields.one_of("dense_act_fn", projection, activations));
  fields.optional("is_gated_act", config.is_gated_act);
}

void read_buckets(const ConfigFields& fields, T5Config& config) {
  // Half of the encoder's buckets are for each direction, and half of those for single distances.
  constexpr std::int64_t kFewestBuckets = 4;
  fields.optional("relative_attention_num_buckets", config.relative_attention_num_buckets,
                  kFewestBuckets, ConfigFields::kLargestWidth);
  fields.optional("relative_attention_max_distance", config.relative_attention_max_distance, 1,
                  ConfigFields::kLargestPosition);
  if (config.relative_attention_max_distance <= config.relative_attention_num_buckets / 2) {
    fields.fail("`relative_attention_max_distance` " +
                std::to_string(config.relative_attention_max_distance) +
                " is not above half of `relative_attention_num_buckets` " +
                std::to_string(config.relative_attention_num_buckets));
  }
}

}  // namespace

T5Config T5Config::from_json(std::string_view json, std::string_view origin) {
  const ConfigFields fields(json, origin, "T5", "t5");
  T5Config config;
  fields.required("vocab_size", config.vocab_size, ConfigFields::kLargestVocabulary);
  fields.required("d_model", config.d_model, ConfigFields::kLargestWidth);
  fields.required("d_kv", config.d_kv, ConfigFields::kLargestWidth);
  fields.required("d_ff", config.d_ff, ConfigFields::kLargestWidth * 4);
  fields.required("num_layers", config.num_layers, ConfigFields::kLargestDepth);
  fields.required("num_heads", config.num_heads, ConfigFields::kLargestWidth);
  config.num_decoder_layers = config.num_layers;
  fields.optional("num_decoder_layers", config.num_decoder_layers, 1, ConfigFields::kLargestDepth);
  read_buckets(fields, config);
  fields.optional("pad_token_id", config.pad_token_id, 0, config.vocab_size - 1);
  fields.optional("eos_token_id", config.eos_token_id, 0, config.vocab_size - 1);
  config.decoder_start_token_id = config.pad_token_id;
  fields.optional("decoder_start_token_id", config.decoder_start_token_id, 0,
                  config.vocab_size - 1);
  read_activation(fields, config);
  fields.optional("tie_word_embeddings", config.tie_word_embeddings);
  fields.optional("dropout_rate", config.dropout_rate, 1);
  fields.optional("layer_norm_epsilon", config.layer_norm_epsilon, 1);
  fields.optional("initializer_factor", config.initializer_factor, 1000);
  if (config.num_heads * config.d_kv > ConfigFields::kLargestWidth) {
    fields.fail("`num_heads` " + std::to_string(config.num_heads) + " times `d_kv` " +
                std::to_string(config.d_kv) + " is above " +
                std::to_string(ConfigFields::kLargestWidth));
  }
  return config;
}

std::string T5Config::to_json(bool has_lm_head) const {
  const bool is_gelu = dense_act_fn == Activation::gelu_tanh && is_gated_act;
  const std::string inner(to_string(is_gelu ? Activation::gelu : dense_act_fn));
  const bool generates = tie_word_embeddings || has_lm_head;
  const nlohmann::ordered_json json = {
      {"architectures", {generates ? "T5ForConditionalGeneration" : "T5Model"}},
      {"model_type", "t5"},
      {"is_encoder_decoder", true},
      {"vocab_size", vocab_size},
      {"d_model", d_model},
      {"d_kv", d_kv},
      {"d_ff", d_ff},
      {"num_layers", num_layers},
      {"num_decoder_layers", num_decoder_layers},
      {"num_heads", num_heads},
      {"relative_attention_num_buckets", relative_attention_num_buckets},
      {"relative_attention_max_distance", relative_attention_max_distance},
      {"pad_token_id", pad_token_id},
      {"eos_token_id", eos_token_id},
      {"decoder_start_token_id", decoder_start_token_id},
      {"feed_forward_proj", (is_gated_act ? "gated-" : "") + inner},
      {"dense_act_fn", to_string(dense_act_fn)},
      {"is_gated_act", is_gated_act},
      {"tie_word_embeddings", tie_word_embeddings},
      {"dropout_rate", dropout_rate},
      {"layer_norm_epsilon", layer_norm_epsilon},
      {"initializer_factor", initializer_factor}};
  return json.dump(2) + "\n";
}

}  // namespace ncmlab
