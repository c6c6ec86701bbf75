// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <vector>

#include "ncmlab/core/progress.hpp"
#include "ncmlab/core/rng.hpp"
#include "ncmlab/language/masked_model.hpp"
#include "ncmlab/train/options.hpp"
#include "ncmlab/train/trainer.hpp"

namespace ncmlab {

/// How masked language modelling chooses what is guessed (Devlin et al. 2019, section 3.1; anew in
/// every epoch, Liu et al. 2019, section 4.1).
struct MaskingRule {
  double chosen = 0.15;  ///< share of the tokens that are guessed
  double masked = 0.8;   ///< of those the share that becomes <mask>
  double random = 0.1;   ///< and that becomes another token; the rest stays
};

/// A row with some tokens replaced.
struct MaskedRow {
  std::vector<std::int64_t> ids;
  std::vector<std::int64_t> places;   ///< of the tokens to guess, ascending
  std::vector<std::int64_t> answers;  ///< what stood there
};

/// Special tokens are never chosen; a random token is none of them.
MaskedRow masked_row(const std::vector<std::int64_t>& ids, const Tokenizer& tokenizer,
                     const MaskingRule& rule, Rng rng);

struct MaskedScores {
  double loss = 0;      ///< mean of -log P (natural) of the tokens to guess
  double accuracy = 0;  ///< share of them that is the most likely one
  std::int64_t tokens = 0;
};

/// How well the model guesses what it is to guess of these rows, without dropout.
MaskedScores masked_scores(MaskedModel& model, const std::vector<MaskedRow>& rows,
                           Progress& progress);

/// What a caller adds to pretrain().
struct PretrainingHooks {
  /// Called after each epoch, whose `validation` holds `loss`, `perplexity` and `accuracy` on the
  /// held-out rows; nothing where there are none.
  std::function<void(const EpochRecord&, std::size_t epoch)> report = {};
  /// As that of TrainingHooks.
  std::filesystem::path state_folder = {};
};

/// Trains the model in place to guess tokens of `rows`, each framed by <s> and </s> and no longer
/// than the model takes. Of `options` count epochs, batch size and what Optimizer takes. What is
/// guessed of the held-out rows is drawn once. Precondition: at::GradMode is on. Same seed and
/// thread count, same result, resumed or not. Throws Error `train.diverged`.
TrainingResult pretrain(MaskedModel& model, const std::vector<std::vector<std::int64_t>>& rows,
                        const std::vector<std::vector<std::int64_t>>& held_out,
                        const TrainingOptions& options, const MaskingRule& rule, const Rng& rng,
                        Progress& progress, const PretrainingHooks& hooks = {});

}  // namespace ncmlab
