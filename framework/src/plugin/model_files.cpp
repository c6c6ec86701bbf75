// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/plugin/model_files.hpp"

#include <algorithm>

#include "ncmlab/core/diagnostic.hpp"
#include "ncmlab/core/files.hpp"
#include "ncmlab/core/hash.hpp"
#include "ncmlab/nn/architecture.hpp"

namespace ncmlab {
namespace {

namespace fs = std::filesystem;

void hash_folder(const fs::path& folder, std::string_view plugin, Hasher& hasher) {
  if (!fs::is_directory(folder)) {
    throw Error("checkpoint.missing-folder",
                "expected a folder with a checkpoint, found none at `" + folder.string() + "`",
                {"correct `checkpoint` or `tokenizer` of model `" + std::string(plugin) + "`"});
  }
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

}  // namespace

std::shared_ptr<const Tokenizer> make_tokenizer(const ModelFiles& files,
                                                const std::vector<std::string_view>& texts,
                                                std::vector<std::string> special_tokens) {
  const std::string& folder = files.tokenizer.empty() ? files.checkpoint : files.tokenizer;
  return std::make_shared<const Tokenizer>(
      folder.empty() ? Tokenizer::train(texts, {.vocab_size = files.vocab_size,
                                                .special_tokens = std::move(special_tokens)})
                     : Tokenizer::from_folder(folder));
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

Victim open_checkpoint(const fs::path& folder, std::shared_ptr<const Tokenizer> tokenizer,
                       const CheckpointUse& use, const ModelContext& context) {
  const std::string origin = (folder / "config.json").string();
  const std::string config = read_file(origin);
  const Architecture& architecture = architecture_of(config, origin);
  if (architecture.model_type != use.model_type) {
    throw Error("checkpoint.wrong-model-type",
                "expected a checkpoint of the model type `" + std::string(use.model_type) +
                    "`, but `" + origin + "` has `" + std::string(architecture.model_type) + "`",
                {"choose the model plugin that fits the checkpoint"});
  }
  const SplitWeights weights = split_weights(architecture, read_weights(folder));
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
  return Victim(std::move(tokenizer), std::move(encoder),
                weights.head.empty() ? Head(head, context.rng.stream("head weights"))
                                     : Head(head, weights.head),
                rules);
}

}  // namespace ncmlab
