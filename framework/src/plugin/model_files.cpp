// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/plugin/model_files.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "ncmlab/core/diagnostic.hpp"
#include "ncmlab/core/files.hpp"
#include "ncmlab/core/hash.hpp"
#include "ncmlab/networks/architecture.hpp"
#include "weights/weight_shapes.hpp"

namespace ncmlab {
namespace {

namespace fs = std::filesystem;

void check_folder(const fs::path& folder, std::string_view plugin) {
  if (!fs::is_directory(folder)) {
    throw Error("checkpoint.missing-folder",
                "expected a folder with a checkpoint, found none at `" + folder.string() + "`",
                {"correct `checkpoint` or `tokenizer` of model `" + std::string(plugin) + "`"});
  }
}

void hash_folder(const fs::path& folder, std::string_view plugin, Hasher& hasher) {
  check_folder(folder, plugin);
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.is_regular_file()) {
      files.push_back(entry.path());
    }
  }
  std::ranges::sort(files);
  for (const fs::path& file : files) {
    hasher.field(file.filename().string()).field(hash_file(file));
  }
}

/// The text of `config.json` of a checkpoint that has this model type.
std::string config_of(const fs::path& folder, std::string_view model_type) {
  const std::string origin = (folder / "config.json").string();
  std::string config = read_file(origin);
  const Architecture& architecture = architecture_of(config, origin);
  if (architecture.model_type != model_type) {
    throw Error("checkpoint.wrong-model-type",
                "expected a checkpoint of the model type `" + std::string(model_type) + "`, but `" +
                    origin + "` has `" + std::string(architecture.model_type) + "`",
                {"choose the model plugin that fits the checkpoint"});
  }
  return config;
}

/// The model of a folder whose `config.json` holds `config`.
CodeModel assemble(const fs::path& folder, const std::string& config, const StateDict& stored,
                   std::shared_ptr<const Tokenizer> tokenizer, const CheckpointUse& use,
                   const ModelContext& context) {
  const std::string origin = (folder / "config.json").string();
  const SplitWeights weights = split_weights(architecture_of(config, origin), stored);
  auto encoder = make_encoder(config, origin, use.pooling, weights.encoder);
  const EncoderShape& shape = encoder->shape();
  if (tokenizer->vocab_size() > shape.vocab_size) {
    throw Error("checkpoint.vocabulary-mismatch",
                "the tokenizer has " + std::to_string(tokenizer->vocab_size()) +
                    " tokens, but the model in `" + folder.string() + "` embeds only " +
                    std::to_string(shape.vocab_size),
                {"name the tokenizer that belongs to the checkpoint with `tokenizer`"});
  }
  HeadShape head = context.head;
  head.hidden = shape.hidden;
  head.dropout = shape.dropout;
  head.label_columns = use.label_columns;
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

std::shared_ptr<const Tokenizer> make_tokenizer(const ModelFiles& files,
                                                const std::vector<std::string_view>& texts,
                                                std::vector<std::string> special_tokens) {
  const std::string& folder = files.tokenizer.empty() ? files.checkpoint : files.tokenizer;
  if (folder.empty()) {
    return std::make_shared<const Tokenizer>(Tokenizer::train(
        texts, {.vocab_size = files.vocab_size, .special_tokens = std::move(special_tokens)}));
  }
  auto tokenizer = std::make_shared<const Tokenizer>(Tokenizer::from_folder(folder));
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

std::shared_ptr<const Tokenizer> stored_tokenizer(const ModelFiles& files,
                                                  std::string_view model_type,
                                                  std::string_view plugin) {
  for (const std::string& folder : {files.checkpoint, files.tokenizer}) {
    if (!folder.empty()) {
      check_folder(folder, plugin);
    }
  }
  if (!files.checkpoint.empty()) {
    config_of(files.checkpoint, model_type);
  }
  return files.checkpoint.empty() && files.tokenizer.empty() ? nullptr : make_tokenizer(files, {});
}

std::string fingerprint(const ModelFiles& files, std::string_view plugin) {
  Hasher hasher;
  for (const std::string& folder : {files.checkpoint, files.tokenizer}) {
    if (!folder.empty()) {
      hash_folder(folder, plugin, hasher);
    }
  }
  return files.checkpoint.empty() && files.tokenizer.empty() ? std::string() : hasher.hex();
}

CodeModel open_checkpoint(const fs::path& folder, std::shared_ptr<const Tokenizer> tokenizer,
                          const CheckpointUse& use, const ModelContext& context) {
  const std::string config = config_of(folder, use.model_type);
  return assemble(folder, config, read_weights(folder), std::move(tokenizer), use, context);
}

std::vector<std::string> check_checkpoint(const fs::path& folder,
                                          std::shared_ptr<const Tokenizer> tokenizer,
                                          const CheckpointUse& use, const ModelContext& context) {
  const std::string config = config_of(folder, use.model_type);
  std::vector<std::string> remarks = differing_ids(folder, config, *tokenizer);
  const CodeModel model =
      assemble(folder, config, read_weight_shapes(folder), std::move(tokenizer), use, context);
  const std::int64_t limit = model.encoder().shape().max_tokens;
  if (limit < context.rules.max_tokens) {
    remarks.push_back("the positions of `" + folder.string() + "` end at " + std::to_string(limit) +
                      " tokens: inputs are cut there, not at the task's " +
                      std::to_string(context.rules.max_tokens));
  }
  return remarks;
}

}  // namespace ncmlab
