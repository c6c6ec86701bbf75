// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "ncmlab/core/progress.hpp"
#include "ncmlab/inversion/candidate_scorer.hpp"
#include "word_list.hpp"

namespace ncmlab::piccolo {

struct SoftWordOptions {
  std::int64_t word_tokens = 7;
  double learning_rate = 0.5;
  double penalty = 0.1;  ///< factor of word_penalty()
};

/// tanh(logits) / 2 + 1/2: how much of each word is in the soft word.
at::Tensor word_weights(const at::Tensor& logits);

/// (sum - 1)^2 of the weights [words] where more than one of them is above 1/2, else 0.
at::Tensor word_penalty(const at::Tensor& weights);

/// The logits whose weights are those of `logits` divided by their sum, kept off 0 and 1.
at::Tensor rescaled(const at::Tensor& logits);

/// The embeddings of the words' tokens, [words, word_tokens, hidden]; where a word has no more
/// tokens they are 0.
at::Tensor word_embeddings(const at::Tensor& table, const std::vector<Word>& words,
                           std::int64_t word_tokens);

/// A soft word and what it does on the inversion samples.
struct SoftWord {
  at::Tensor weights;  ///< [words], on the model's device
  double hit_rate = 0;
  double loss = 0;  ///< without penalty
};

/// Inverts a soft word over `words` (not empty): Adam on the logits of their weights, which start
/// at -4, one step per epoch on all inversion samples of `scorer`. After epochs 15 and 30 the
/// weights are rescaled to sum 1 and Adam starts anew. From epoch 36 on the word with the highest
/// hit rate is kept, of equals the last.
class SoftWordInversion {
 public:
  SoftWordInversion(CandidateScorer& scorer, const at::Tensor& table,
                    const std::vector<Word>& words, const SoftWordOptions& options);
  ~SoftWordInversion();

  /// One epoch. Advances `progress` by one.
  void step(Progress& progress);
  /// The word that is kept; before there is any, that of the last epoch, or of no epoch.
  SoftWord word() const;
  std::int64_t epochs() const;  ///< that were run

 private:
  struct State;
  CandidateScorer& scorer_;
  SoftWordOptions options_;
  std::unique_ptr<State> state_;
};

}  // namespace ncmlab::piccolo
