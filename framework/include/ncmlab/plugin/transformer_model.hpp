// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <concepts>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ncmlab/core/enum_names.hpp"
#include "ncmlab/plugin/model.hpp"
#include "ncmlab/plugin/schema.hpp"

namespace ncmlab {

/// The size of a network with random weights.
enum class NetworkPreset { tiny, small, base };

constexpr auto enum_names(NetworkPreset) {
  using enum NetworkPreset;
  return std::to_array<EnumName<NetworkPreset>>({{tiny, "tiny"}, {small, "small"}, {base, "base"}});
}

/// The settings of a TransformerModel: its files, and the size and the dropout of one with random
/// weights. The plugin's config struct derives from it; transformer_fields() adds them to its
/// schema.
struct TransformerSettings {
  NetworkPreset preset = NetworkPreset::base;
  std::string checkpoint;
  std::string tokenizer;
  std::int64_t vocab_size = 2000;
  std::vector<std::int64_t> label_columns;
  double dropout = 0.1;
};

template <std::derived_from<TransformerSettings> Config>
Schema<Config> transformer_fields(Schema<Config>&& schema) {
  return std::move(schema)
      .field("preset", &Config::preset,
             "Size of a model with random weights; a checkpoint brings its own.",
             only_where("checkpoint", ""))
      .field("checkpoint", &Config::checkpoint,
             "Folder with `config.json`, weights and tokenizer files in Hugging Face layout; "
             "empty for random weights.",
             path())
      .field("tokenizer", &Config::tokenizer,
             "Folder of the tokenizer; empty takes the checkpoint's, or trains one on the "
             "training split.",
             path())
      .field("vocab_size", &Config::vocab_size,
             "Size of a tokenizer trained on the training split.", range(300, 100000),
             unit("tokens"), only_where("checkpoint", ""), only_where("tokenizer", ""))
      .field("label_columns", &Config::label_columns,
             "The logit column of each label, for example [1, 0] where column 0 means defective; "
             "empty takes column = label.",
             at_least(0))
      .field("dropout", &Config::dropout, "Dropout of a model with random weights, in all places.",
             range(0.0, 0.9), only_where("checkpoint", ""));
}

struct NetworkSize {
  std::int64_t hidden, layers, heads, intermediate;
};
NetworkSize size_of(NetworkPreset preset);

/// A model whose network is a transformer: that of a checkpoint folder, or a fresh one of the size
/// that `preset` names. A derived class says what the fresh network is and how its states become
/// one vector.
///
/// The tokenizer is that of `tokenizer`, else the checkpoint's, else one trained on the texts, with
/// RoBERTa's special tokens and special_tokens(). A classification head in a checkpoint is taken;
/// without one it is drawn. Rows are no longer than the network allows. data_fingerprint() follows
/// from the names and bytes of the files in the folders, not of folders below.
///
/// Throws Error `checkpoint.missing-folder`, `checkpoint.wrong-model-type`, `tokenizer.no-frame`
/// where a folder's tokenizer has no token that starts or ends a text,
/// `checkpoint.vocabulary-mismatch`, `checkpoint.head-shape` where the head reads another number of
/// sentence vectors than the task gives, `io.read`, and what Tokenizer, read_weights(),
/// make_encoder() and Head throw.
class TransformerModel : public Model {
 public:
  CodeModel build(const ModelContext& context) const final;
  CodeModel open(const std::filesystem::path& folder, const ModelContext& context) const final;
  bool starts_from_checkpoint() const final { return !settings_.checkpoint.empty(); }
  /// Reads only the header of a `model.safetensors` without a `classifier.safetensors` beside it.
  std::vector<std::string> check(const ModelContext& context) const final;
  std::string data_fingerprint() const final;

 protected:
  /// `name` is the plugin's, for errors; `model_type` that of its checkpoints' `config.json`.
  TransformerModel(const TransformerSettings& settings, std::string_view name,
                   std::string_view model_type);

  const TransformerSettings& settings() const { return settings_; }

 private:
  virtual Pooling pooling(const HeadShape& head) const = 0;
  /// The network with random weights.
  virtual std::unique_ptr<Encoder> fresh_network(const NetworkSize& size,
                                                 const Tokenizer& tokenizer,
                                                 const ModelContext& context) const = 0;
  /// Those that a trained tokenizer has besides RoBERTa's.
  virtual std::vector<std::string> special_tokens() const { return {}; }
  /// The task's rules as this model needs them.
  virtual InputRules input_rules(InputRules rules, const Tokenizer&) const { return rules; }

  ModelContext adapted(const ModelContext& context, const Tokenizer& tokenizer) const;
  CodeModel assemble(const std::filesystem::path& folder, const std::string& config,
                     const StateDict& weights, std::shared_ptr<const Tokenizer> tokenizer,
                     const ModelContext& context) const;
  CodeModel open_checkpoint(const std::filesystem::path& folder,
                            std::shared_ptr<const Tokenizer> tokenizer,
                            const ModelContext& context) const;

  TransformerSettings settings_;
  std::string name_, model_type_;
};

}  // namespace ncmlab
