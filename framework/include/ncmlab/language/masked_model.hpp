// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <vector>

#include "ncmlab/core/progress.hpp"
#include "ncmlab/core/rng.hpp"
#include "ncmlab/networks/encoder.hpp"
#include "ncmlab/networks/roberta.hpp"
#include "ncmlab/tokenize/tokenizer.hpp"
#include "ncmlab/weights/state_dict.hpp"

namespace ncmlab {

/// A RoBERTa with its language-model head (Liu et al. 2019; `RobertaForMaskedLM`): it tells which
/// token a masked one was. Rows of ids are as CodeModel::tokenize() makes them, <s> and </s>
/// included. Not thread-safe.
class MaskedModel {
 public:
  /// Random weights as Hugging Face initialises them. Throws Error `language.no-mask-token` where
  /// the tokenizer has none.
  MaskedModel(std::shared_ptr<const Tokenizer> tokenizer, const RobertaConfig& config,
              const Rng& rng);
  /// A folder in Hugging Face layout whose weights have a head (`lm_head.`), such as
  /// `microsoft/codebert-base-mlm`. Throws Error `language.no-head` for weights without one,
  /// `language.no-mask-token`, `language.untied` where the config says that the head does not share
  /// the word embeddings, `checkpoint.*` and `tokenizer.*`.
  static MaskedModel open(const std::filesystem::path& folder);

  const Tokenizer& tokenizer() const { return *tokenizer_; }
  std::shared_ptr<const Tokenizer> shared_tokenizer() const { return tokenizer_; }
  Encoder& encoder() const { return *encoder_; }
  const RobertaConfig& config() const { return config_; }
  void to(at::Device device);

  /// The vocabulary's logits [places, vocab] at tokens of the batch, row * length + column each.
  /// Gradients and dropout as Encoder::encode().
  at::Tensor logits(const Batch& batch, const at::Tensor& places, bool training);

  /// The most likely id at each of `places`, all of which are masked at once; no special token.
  /// Text beyond what the model takes is not seen: places there keep their id.
  std::vector<std::int64_t> fill(const std::vector<std::int64_t>& ids,
                                 const std::vector<std::size_t>& places);

  /// For each row log P (natural) of each of its ids, masked alone, given the others
  /// (pseudo-log-likelihood, Salazar et al., ACL 2020); 0 for the first and the last id and for
  /// those beyond what the model takes.
  std::vector<std::vector<double>> log_probabilities(
      const std::vector<std::vector<std::int64_t>>& rows, Progress& progress = silent_progress());

  /// The parameters themselves, under the names of RobertaForMaskedLM. Of what shares storage the
  /// embeddings alone.
  StateDict parameters() const;
  /// A folder that open(), a model plugin's `checkpoint` and
  /// `RobertaForMaskedLM.from_pretrained` read.
  void save(const std::filesystem::path& folder) const;

 private:
  MaskedModel(std::shared_ptr<const Tokenizer> tokenizer, const RobertaConfig& config,
              std::unique_ptr<Encoder> encoder, StateDict head);
  /// What of a row the model sees.
  std::vector<std::int64_t> seen(const std::vector<std::int64_t>& ids) const;

  std::shared_ptr<const Tokenizer> tokenizer_;
  RobertaConfig config_;
  std::unique_ptr<Encoder> encoder_;
  StateDict
      head_;  ///< `dense.weight`, `dense.bias`, `layer_norm.weight`, `layer_norm.bias`, `bias`
};

}  // namespace ncmlab
