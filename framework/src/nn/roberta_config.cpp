// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <nlohmann/json.hpp>

#include "ncmlab/core/diagnostic.hpp"
#include "ncmlab/nn/roberta.hpp"

namespace ncmlab {
namespace {

using Json = nlohmann::ordered_json;

/// Sizes beyond these are taken for damage, before memory is reserved.
constexpr std::int64_t kLargestVocabulary = 10'000'000;
constexpr std::int64_t kLargestWidth = 65'536;
constexpr std::int64_t kLargestDepth = 1'000;
constexpr std::int64_t kLargestPosition = 10'000'000;

class Fields {
 public:
  Fields(const Json& json, std::string_view origin) : json_(json), origin_(origin) {}

  [[noreturn]] void fail(const std::string& what) const {
    throw Error("checkpoint.bad-config", "`" + origin_ + "` describes no RoBERTa model: " + what);
  }

  void required(const char* name, std::int64_t& value, std::int64_t highest) const {
    if (!json_.contains(name)) {
      fail("`" + std::string(name) + "` is missing");
    }
    optional(name, value, 1, highest);
  }
  void optional(const char* name, std::int64_t& value, std::int64_t lowest,
                std::int64_t highest) const {
    if (!json_.contains(name) || json_[name].is_null()) {
      return;
    }
    if (!json_[name].is_number_integer() || json_[name].get<std::int64_t>() < lowest ||
        json_[name].get<std::int64_t>() > highest) {
      fail("`" + std::string(name) + "` should be a whole number from " + std::to_string(lowest) +
           " to " + std::to_string(highest) + ", but is " + json_[name].dump());
    }
    value = json_[name].get<std::int64_t>();
  }
  void optional(const char* name, double& value, double highest) const {
    if (!json_.contains(name) || json_[name].is_null()) {
      return;
    }
    if (!json_[name].is_number() || !(json_[name].get<double>() >= 0) ||
        !(json_[name].get<double>() < highest)) {
      fail("`" + std::string(name) + "` should be a number from 0 to below " +
           std::to_string(highest) + ", but is " + json_[name].dump());
    }
    value = json_[name].get<double>();
  }
  std::string one_of(const char* name, std::string fallback,
                     const std::vector<std::string>& choices) const {
    if (!json_.contains(name) || json_[name].is_null()) {
      return fallback;
    }
    for (const std::string& choice : choices) {
      if (json_[name] == choice) {
        return choice;
      }
    }
    std::string expected;
    for (const std::string& choice : choices) {
      expected += (expected.empty() ? "`" : " or `") + choice + "`";
    }
    fail("`" + std::string(name) + "` should be " + expected + ", but is " + json_[name].dump());
  }

 private:
  const Json& json_;
  std::string origin_;
};

}  // namespace

RobertaConfig RobertaConfig::from_json(std::string_view json, std::string_view origin) {
  const Json parsed = Json::parse(json, nullptr, false);
  const Fields fields(parsed, origin);
  if (!parsed.is_object()) {
    fields.fail("it is not a JSON object");
  }
  if (!parsed.contains("model_type")) {
    fields.fail("`model_type` is missing");
  }
  fields.one_of("model_type", "", {"roberta"});
  fields.one_of("position_embedding_type", "absolute", {"absolute"});
  if (parsed.contains("is_decoder") && parsed["is_decoder"] == true) {
    fields.fail("`is_decoder` is true, but only encoders are supported");
  }
  RobertaConfig config;
  // What Hugging Face's RobertaConfig assumes where the file is silent.
  config.type_vocab_size = 2;
  config.layer_norm_eps = 1e-12;
  fields.required("vocab_size", config.vocab_size, kLargestVocabulary);
  fields.required("hidden_size", config.hidden_size, kLargestWidth);
  fields.required("num_hidden_layers", config.num_hidden_layers, kLargestDepth);
  fields.required("num_attention_heads", config.num_attention_heads, kLargestWidth);
  fields.required("intermediate_size", config.intermediate_size, kLargestWidth * 4);
  fields.required("max_position_embeddings", config.max_position_embeddings, kLargestPosition);
  fields.optional("type_vocab_size", config.type_vocab_size, 1, kLargestVocabulary);
  fields.optional("pad_token_id", config.pad_token_id, 0, config.vocab_size - 1);
  fields.optional("hidden_dropout_prob", config.hidden_dropout_prob, 1);
  fields.optional("attention_probs_dropout_prob", config.attention_probs_dropout_prob, 1);
  fields.optional("layer_norm_eps", config.layer_norm_eps, 1);
  fields.optional("initializer_range", config.initializer_range, 1000);
  config.hidden_act = fields.one_of("hidden_act", "gelu", {"gelu", "gelu_new", "relu"});
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
  const Json json = {{"architectures", {"RobertaModel"}},
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
                     {"hidden_act", hidden_act},
                     {"hidden_dropout_prob", hidden_dropout_prob},
                     {"attention_probs_dropout_prob", attention_probs_dropout_prob},
                     {"layer_norm_eps", layer_norm_eps},
                     {"initializer_range", initializer_range},
                     {"position_embedding_type", "absolute"}};
  return json.dump(2) + "\n";
}

}  // namespace ncmlab
