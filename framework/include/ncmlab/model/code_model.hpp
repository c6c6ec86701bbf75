// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ncmlab/core/progress.hpp"
#include "ncmlab/networks/encoder.hpp"
#include "ncmlab/networks/head.hpp"
#include "ncmlab/tokenize/tokenizer.hpp"

namespace ncmlab {

/// How source text becomes model input.
struct InputRules {
  bool fold_whitespace = true;    ///< runs of white space become one blank (CodeXGLUE, Devign)
  std::int64_t max_tokens = 400;  ///< special tokens included; what is longer is cut at the end
  /// The same for each part of a sample, none above max_tokens; empty: max_tokens for all.
  std::vector<std::int64_t> part_max_tokens = {};
  /// Ids that the model wants between <s> and the text (UniXcoder: its mode and </s>).
  std::vector<std::int64_t> prefix = {};

  std::int64_t limit(std::size_t part) const {
    return part < part_max_tokens.size() ? std::min(part_max_tokens[part], max_tokens) : max_tokens;
  }
  /// The index of the first id of the text, and so the first where a trigger may go.
  std::int64_t first_position() const { return 1 + static_cast<std::int64_t>(prefix.size()); }
};

/// One part of a sample as the model reads it.
struct TokenRow {
  std::vector<std::int64_t> ids;  ///< <s> (the rules' prefix) ... </s>
  /// For each id the bytes of the *original* source it covers (empty for special tokens).
  /// Only filled by tokenize_with_ranges().
  std::vector<ByteRange> ranges;
};

/// A sample ready for a model: `parts.size()` equals the head's inputs.
struct TokenSample {
  std::vector<TokenRow> parts;
  std::int64_t label = 0;
};

/// Counts the work that a stage did. Rows, not batches.
struct WorkCounter {
  std::int64_t forward_rows = 0;
  std::int64_t backward_rows = 0;
};

/// A trained model: tokenizer, encoder and head. Copies are made by clone() and share nothing but
/// the tokenizer. With a similarity head there are no labels to predict: code search goes by
/// sentence_vectors(). Not thread-safe: even predict() counts its work.
class CodeModel {
 public:
  CodeModel(std::shared_ptr<const Tokenizer> tokenizer, std::unique_ptr<Encoder> encoder, Head head,
            InputRules rules);
  CodeModel(CodeModel&&) = default;
  CodeModel& operator=(CodeModel&&) = default;

  const Tokenizer& tokenizer() const { return *tokenizer_; }
  std::shared_ptr<const Tokenizer> shared_tokenizer() const { return tokenizer_; }
  Encoder& encoder() const { return *encoder_; }
  const Head& head() const { return head_; }
  const InputRules& rules() const { return rules_; }
  std::int64_t classes() const { return head_.shape().classes; }

  /// `source` as part number `part` of a sample.
  TokenRow tokenize(std::string_view source, std::size_t part = 0) const;
  TokenRow tokenize_with_ranges(std::string_view source, std::size_t part = 0) const;

  /// [rows, hidden], the sentence vectors of a batch: as Encoder::encode(), gradients and dropout
  /// included.
  at::Tensor vectors(const Batch& batch, bool training);
  /// [samples, logits] of a batch whose rows are the samples' parts, adjacent. Differentiable as
  /// vectors() is; the head draws its dropout after the encoder.
  at::Tensor logits(const Batch& batch, bool training);
  /// Log-probabilities [samples, classes] float32 in the samples' order, on the CPU, in batches of
  /// similar length of at most `max_batch_tokens` padded tokens. Never with gradients or dropout,
  /// whatever the grad mode, which is left as it was.
  at::Tensor predict(const std::vector<TokenSample>& samples,
                     Progress& progress = silent_progress(), std::int64_t max_batch_tokens = 8192);
  /// Raw logits [samples, logits] float32, likewise.
  at::Tensor predict_logits(const std::vector<TokenSample>& samples,
                            Progress& progress = silent_progress(),
                            std::int64_t max_batch_tokens = 8192);
  /// Sentence vectors [samples, inputs * hidden] float32, likewise.
  at::Tensor sentence_vectors(const std::vector<TokenSample>& samples,
                              Progress& progress = silent_progress(),
                              std::int64_t max_batch_tokens = 8192);

  /// The parameters themselves (no copies): the encoder's under `encoder.`, the head's under
  /// `classifier.` (EliBadCode's names). StateDict::clone() of it is a copy of the weights.
  StateDict parameters() const;
  WorkCounter& work() { return work_; }

  /// A copy that shares the tokenizer and no tensor. Its work is counted from 0.
  CodeModel clone() const;
  /// Moves encoder and head; tensors that parameters() gave before are then copies. What predict()
  /// and its like return is on the CPU all the same.
  void to(at::Device device);
  /// A folder that load_weights() reads: `model.safetensors`, `config.json`, tokenizer files.
  void save(const std::filesystem::path& folder) const;
  /// Copies the tensors of `folder`/model.safetensors over the parameters, in place.
  void load_weights(const std::filesystem::path& folder);

 private:
  std::shared_ptr<const Tokenizer> tokenizer_;
  std::unique_ptr<Encoder> encoder_;
  Head head_;
  InputRules rules_;
  WorkCounter work_;
};

/// Indices of samples grouped into batches: samples sorted by length (stable), each batch at most
/// `max_batch_tokens` padded tokens and `max_samples` samples, at least one sample.
std::vector<std::vector<std::size_t>> batches_by_length(const std::vector<TokenSample>& samples,
                                                        std::int64_t max_batch_tokens,
                                                        std::int64_t max_samples);

/// The batch of the chosen samples' parts.
Batch make_batch(const std::vector<TokenSample>& samples, const std::vector<std::size_t>& chosen,
                 std::int64_t pad_id);

}  // namespace ncmlab
