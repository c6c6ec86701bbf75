// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ncmlab/plugin/model.hpp"
#include "ncmlab/plugin/schema.hpp"

namespace ncmlab {

/// The settings of a model plugin that name files and what follows from them. The plugin's config
/// struct derives from it; model_file_fields() adds them to its schema.
struct ModelFiles {
  std::string checkpoint;
  std::string tokenizer;
  std::int64_t vocab_size = 2000;
  std::vector<std::int64_t> label_columns;
};

template <std::derived_from<ModelFiles> Config>
Schema<Config>&& model_file_fields(Schema<Config>&& schema) {
  return std::move(schema)
      .field("checkpoint", &ModelFiles::checkpoint,
             "Folder with `config.json`, weights and tokenizer files in Hugging Face layout; "
             "empty for random weights.",
             path())
      .field("tokenizer", &ModelFiles::tokenizer,
             "Folder of the tokenizer; empty takes the checkpoint's, or trains one on the "
             "training split.",
             path())
      .field("vocab_size", &ModelFiles::vocab_size,
             "Size of a tokenizer trained on the training split.", range(300, 100000),
             unit("tokens"), only_where("checkpoint", ""), only_where("tokenizer", ""))
      .field("label_columns", &ModelFiles::label_columns,
             "The logit column of each label, for example [1, 0] where column 0 means defective; "
             "empty takes column = label.",
             at_least(0));
}

/// The tokenizer of `files.tokenizer`, else the checkpoint's, else one trained on `texts` that has
/// `special_tokens` besides RoBERTa's. Throws what Tokenizer::from_folder() and train() throw, and
/// Error `tokenizer.no-frame` where a folder's has no token that starts or ends a text.
std::shared_ptr<const Tokenizer> make_tokenizer(const ModelFiles& files,
                                                const std::vector<std::string_view>& texts,
                                                std::vector<std::string> special_tokens = {});

/// What make_tokenizer() reads from the folders that `files` names, for Model::check(); null where
/// it would train. Throws what make_tokenizer() throws, and before that Error
/// `checkpoint.missing-folder` that names `plugin`, and for the checkpoint's `config.json`
/// `io.read`, `checkpoint.bad-config` or `checkpoint.wrong-model-type`.
std::shared_ptr<const Tokenizer> stored_tokenizer(const ModelFiles& files,
                                                  std::string_view model_type,
                                                  std::string_view plugin);

/// Model::data_fingerprint() of the folders that `files` names: follows from the names and bytes of
/// the files in them, not of folders below. Throws Error `checkpoint.missing-folder` that names
/// `plugin`, and `io.read`.
std::string fingerprint(const ModelFiles& files, std::string_view plugin);

/// Which checkpoints a model plugin opens and how it pools their vectors.
struct CheckpointUse {
  std::string_view model_type;  ///< as `config.json` has it
  Pooling pooling = Pooling::cls;
  std::vector<std::int64_t> label_columns = {};
};

/// The model of a checkpoint folder. A classification head in the checkpoint is taken; without one
/// it is drawn from `context.rng`. Rows are no longer than the network allows. Throws Error
/// `checkpoint.wrong-model-type`, `checkpoint.vocabulary-mismatch`, `checkpoint.head-shape` where
/// the head reads another number of sentence vectors than `context.head`, and those of
/// read_weights(), make_encoder() and Head.
CodeModel open_checkpoint(const std::filesystem::path& folder,
                          std::shared_ptr<const Tokenizer> tokenizer, const CheckpointUse& use,
                          const ModelContext& context);

/// Model::check() of such a folder: throws what open_checkpoint() would throw, but reads only the
/// header of a `model.safetensors` without a `classifier.safetensors` beside it.
std::vector<std::string> check_checkpoint(const std::filesystem::path& folder,
                                          std::shared_ptr<const Tokenizer> tokenizer,
                                          const CheckpointUse& use, const ModelContext& context);

}  // namespace ncmlab
