// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/plugin/transformer_model.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "core/hash_folder.hpp"
#include "ncmlab/core/diagnostic.hpp"
#include "ncmlab/core/files.hpp"
#include "ncmlab/core/hash.hpp"
#include "ncmlab/networks/architecture.hpp"
#include "weights/weight_shapes.hpp"

namespace ncmlab {
namespace {

namespace fs = std::filesystem;

void check_folder(const fs::path& folder, const std::string& plugin) {
  if (!fs::is_directory(folder)) {
    throw Error("checkpoint.missing-folder",
                "expected a folder with a checkpoint, found none at `" + folder.string() + "`",
                {"correct `checkpoint` or `tokenizer` of model `" + plugin + "`"});
  }
}

/// The text of `config.json` of a checkpoint that has this model type.
std::string config_of(const fs::path& folder, const std::string& model_type) {
  const std::string origin = (folder / "config.json").string();
  std::string config = read_file(origin);
  const Architecture& architecture = architecture_of(config, origin);
  if (architecture.model_type != model_type) {
    throw Error("checkpoint.wrong-model-type",
                "expected a checkpoint of the model type `" + model_type + "`, but `" + origin +
                    "` has `" + std::string(architecture.model_type) + "`",
                {"choose the model plugin that fits the checkpoint"});
  }
  return config;
}

std::shared_ptr<const Tokenizer> tokenizer_of(const fs::path& folder) {
  return std::make_shared<const Tokenizer>(Tokenizer::from_folder(folder));
}

std::shared_ptr<const Tokenizer> make_tokenizer(const TransformerSettings& settings,
                                                const std::vector<std::string_view>& texts,
                                                std::vector<std::string> special_tokens) {
  const std::string& folder = settings.tokenizer.empty() ? settings.checkpoint : settings.tokenizer;
  if (folder.empty()) {
    return std::make_shared<const Tokenizer>(Tokenizer::train(
        texts, {.vocab_size = settings.vocab_size, .special_tokens = std::move(special_tokens)}));
  }
  auto tokenizer = tokenizer_of(folder);
  if (tokenizer->special().bos < 0 || tokenizer->special().eos < 0) {
    throw Error("tokenizer.no-frame",
                "the tokenizer in `" + folder + "` has no token that " +
                    (tokenizer->special().bos < 0 ? "starts" : "ends") +
                    " a text, as `<s>` and `</s>` do",
                {"copy `special_tokens_map.json` and `tokenizer_config.json` of the model into the "
                 "folder"});
  }
  return tokenizer;
}

/// The task's head for such a network.
HeadShape head_of(HeadShape head, std::int64_t hidden, double dropout,
                  const TransformerSettings& settings) {
  head.hidden = hidden;
  head.dropout = dropout;
  head.label_columns = settings.label_columns;
  return head;
}

/// Sentences about special tokens whose ids differ between `config.json` and the tokenizer.
std::vector<std::string> differing_ids(const fs::path& folder, const std::string& config,
                                       const Tokenizer& tokenizer) {
  const nlohmann::json fields = nlohmann::json::parse(config);
  const SpecialIds& special = tokenizer.special();
  std::vector<std::string> remarks;
  for (const auto& [name, id] :
       {std::pair{"bos_token_id", special.bos}, std::pair{"eos_token_id", special.eos},
        std::pair{"pad_token_id", special.pad}}) {
    const auto field = fields.find(name);
    if (field != fields.end() && field->is_number_integer() && *field != id) {
      remarks.push_back("`" + (folder / "config.json").string() + "` says `" + name + "` " +
                        field->dump() + ", but the tokenizer has " +
                        (id < 0 ? "no such token" : std::to_string(id)));
    }
  }
  return remarks;
}

}  // namespace

NetworkSize size_of(NetworkPreset preset) {
  if (preset == NetworkPreset::tiny) {
    return {.hidden = 64, .layers = 2, .heads = 4, .intermediate = 128};
  }
  if (preset == NetworkPreset::small) {
    return {.hidden = 128, .layers = 4, .heads = 4, .intermediate = 512};
  }
  return {.hidden = 768, .layers = 12, .heads = 12, .intermediate = 3072};
}

TransformerModel::TransformerModel(const TransformerSettings& settings, std::string_view name,
                                   std::string_view model_type)
    : settings_(settings), name_(name), model_type_(model_type) {}

/// The model of a folder whose `config.json` holds `config`.
CodeModel TransformerModel::assemble(const fs::path& folder, const std::string& config,
                                     const StateDict& stored,
                                     std::shared_ptr<const Tokenizer> tokenizer,
                                     const ModelContext& context) const {
  const std::string origin = (folder / "config.json").string();
  const SplitWeights weights = split_weights(architecture_of(config, origin), stored);
  auto encoder = make_encoder(config, origin, pooling(context.head), weights.encoder);
  const EncoderShape& shape = encoder->shape();
  if (tokenizer->vocab_size() > shape.vocab_size) {
    throw Error("checkpoint.vocabulary-mismatch",
                "the tokenizer has " + std::to_string(tokenizer->vocab_size()) +
                    " tokens, but the model in `" + folder.string() + "` embeds only " +
                    std::to_string(shape.vocab_size),
                {"name the tokenizer that belongs to the checkpoint with `tokenizer`"});
  }
  const HeadShape head = head_of(context.head, shape.hidden, shape.dropout, settings_);
  InputRules rules = context.rules;
  rules.max_tokens = std::min(rules.max_tokens, shape.max_tokens);
  Head made = weights.head.empty() ? Head(head, context.rng.stream("head weights"))
                                   : Head(head, weights.head);
  if (made.shape().inputs != head.inputs) {
    throw Error("checkpoint.head-shape",
                "the classification head of `" + folder.string() + "` reads " +
                    std::to_string(made.shape().inputs) +
                    " sentence vectors, but a sample of the task has " +
                    std::to_string(head.inputs),
                {"choose a checkpoint that was trained for this kind of task"});
  }
  return CodeModel(std::move(tokenizer), std::move(encoder), std::move(made), rules);
}

CodeModel TransformerModel::open_checkpoint(const fs::path& folder,
                                            std::shared_ptr<const Tokenizer> tokenizer,
                                            const ModelContext& context) const {
  const std::string config = config_of(folder, model_type_);
  return assemble(folder, config, read_weights(folder), std::move(tokenizer), context);
}

ModelContext TransformerModel::adapted(const ModelContext& context,
                                       const Tokenizer& tokenizer) const {
  ModelContext result = context;
  result.rules = input_rules(context.rules, tokenizer);
  return result;
}

CodeModel TransformerModel::build(const ModelContext& given) const {
  auto tokenizer = make_tokenizer(settings_, given.texts, special_tokens());
  const ModelContext context = adapted(given, *tokenizer);
  if (!settings_.checkpoint.empty()) {
    return open_checkpoint(settings_.checkpoint, std::move(tokenizer), context);
  }
  const NetworkSize size = size_of(settings_.preset);
  auto encoder = fresh_network(size, *tokenizer, context);
  return CodeModel(std::move(tokenizer), std::move(encoder),
                   Head(head_of(context.head, size.hidden, settings_.dropout, settings_),
                        context.rng.stream("head weights")),
                   context.rules);
}

CodeModel TransformerModel::open(const fs::path& folder, const ModelContext& given) const {
  auto tokenizer = tokenizer_of(folder);
  const ModelContext context = adapted(given, *tokenizer);
  return open_checkpoint(folder, std::move(tokenizer), context);
}

std::vector<std::string> TransformerModel::check(const ModelContext& given) const {
  for (const std::string& folder : {settings_.checkpoint, settings_.tokenizer}) {
    if (!folder.empty()) {
      check_folder(folder, name_);
    }
  }
  const fs::path folder = settings_.checkpoint;
  const std::string config = folder.empty() ? "" : config_of(folder, model_type_);
  if (folder.empty() && settings_.tokenizer.empty()) {
    return {};
  }
  auto tokenizer = make_tokenizer(settings_, {}, {});
  const ModelContext context = adapted(given, *tokenizer);
  if (folder.empty()) {
    return {};
  }
  std::vector<std::string> remarks = differing_ids(folder, config, *tokenizer);
  const CodeModel model =
      assemble(folder, config, read_weight_shapes(folder), std::move(tokenizer), context);
  const std::int64_t limit = model.encoder().shape().max_tokens;
  if (limit < context.rules.max_tokens) {
    remarks.push_back("the positions of `" + folder.string() + "` end at " + std::to_string(limit) +
                      " tokens: inputs are cut there, not at the task's " +
                      std::to_string(context.rules.max_tokens));
  }
  return remarks;
}

std::string TransformerModel::data_fingerprint() const {
  Hasher hasher;
  for (const std::string& folder : {settings_.checkpoint, settings_.tokenizer}) {
    if (!folder.empty()) {
      check_folder(folder, name_);
      hash_folder(folder, hasher);
    }
  }
  return settings_.checkpoint.empty() && settings_.tokenizer.empty() ? std::string() : hasher.hex();
}

}  // namespace ncmlab
