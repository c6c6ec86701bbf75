// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "ncmlab/core/progress.hpp"
#include "ncmlab/inversion/name_place.hpp"
#include "ncmlab/model/code_model.hpp"

namespace ncmlab {

/// Token ids of a trigger.
using TriggerIds = std::vector<std::int64_t>;

/// A sample with places for a trigger, which goes into each of them as a whole.
struct InversionSample {
  TokenSample sample;  ///< without the trigger
  std::size_t part = 0;
  /// Tokens of parts[part].ids that the trigger replaces; where there are none it goes in before
  /// `begin`. In order, without overlap, from InputRules::first_position() to the closing </s>.
  std::vector<TokenSpan> places;
};

/// A place before a token that replaces nothing.
inline std::vector<TokenSpan> before_token(std::int64_t position) {
  return {{.begin = static_cast<std::size_t>(position), .end = static_cast<std::size_t>(position)}};
}

/// Puts `trigger` into all places of the sample; ids at the end (before </s>) are cut so that the
/// row stays within what `rules` allow its part.
TokenSample with_trigger(const InversionSample& sample, const TriggerIds& trigger,
                         const InputRules& rules);

/// The best of a set of candidates.
struct CandidateChoice {
  std::size_t index = 0;          ///< into the candidates; of equal losses the first
  double loss = 0;                ///< mean over the samples
  std::int64_t forward_rows = 0;  ///< rows that were run
};

/// What a trigger made of embeddings does.
struct SoftLoss {
  double loss = 0;      ///< mean over the samples
  double hit_rate = 0;  ///< share of the samples whose most likely label is the target label
  /// Of the loss with respect to the trigger's embeddings, [trigger length, hidden], on the model's
  /// device, without a graph.
  at::Tensor gradient;
};

/// Scores triggers on a fixed set of samples towards a fixed label, dropout off: nothing is drawn
/// from any generator. The loss of a trigger is the mean over the samples of the head's loss
/// towards `target_label`; with a reference model that model's loss towards each sample's own label
/// is added, so that a trigger is low which turns the one model and not the other. Refers to the
/// models, which must outlive it, and changes none of their weights and gradients. But for
/// gradient() and soft_loss() no call depends on at::GradMode; none leaves a graph.
class CandidateScorer {
 public:
  struct Options {
    std::int64_t max_batch_tokens = 8192;
    CodeModel* reference = nullptr;  ///< with the model's tokenizer and rules
  };
  /// Throws Error `model.trigger-position` for a place outside a sample's text.
  CandidateScorer(CodeModel& model, std::vector<InversionSample> samples, std::int64_t target_label,
                  Options options);

  /// Gradient of the loss with respect to the one-hot rows of the trigger: for its i-th token that
  /// of each of `tokens[i]`, [tokens[i].size()] float32 on the CPU, without a graph. Precondition:
  /// at::GradMode is on.
  std::vector<at::Tensor> gradient(const TriggerIds& trigger,
                                   const std::vector<std::vector<std::int64_t>>& tokens);

  /// The loss of a trigger whose tokens have the word embeddings `rows` [trigger length, hidden],
  /// in an encoder with a decoder for both. Reads no graph that `rows` may have, and no reference:
  /// a mixture of the model's words is none of the other's. Precondition: at::GradMode is on.
  SoftLoss soft_loss(const at::Tensor& rows, Progress& progress);

  /// The candidate with the lowest loss. Best-first over partial sums: losses are not negative,
  /// so a candidate whose partial sum exceeds a complete one is never finished. Exact: the choice
  /// is that of choose_reference() up to round-off of equal losses.
  CandidateChoice choose(const std::vector<TriggerIds>& candidates, Progress& progress);

  /// Evaluates every candidate on every sample, one padded batch per candidate: the slow path
  /// that choose() is compared with.
  CandidateChoice choose_reference(const std::vector<TriggerIds>& candidates, Progress& progress);

  /// The mean loss of one trigger over all samples.
  double loss(const TriggerIds& trigger);

 private:
  std::vector<TokenSample> triggered(const TriggerIds& trigger) const;
  /// A model, and what the loss of a sample is to it.
  struct Side {
    CodeModel& model;
    bool is_reference = false;
  };
  std::vector<Side> sides() const;
  /// The label that a sample's loss is towards.
  std::int64_t label(const Side& side, const TokenSample& sample) const {
    return side.is_reference ? sample.label : target_label_;
  }
  /// soft_loss() of one side with the ids of `trigger` beneath the embeddings.
  SoftLoss soft_loss(const Side& side, const TriggerIds& trigger, const at::Tensor& rows,
                     Progress& progress);
  /// Losses of the rows, [rows], of samples with these labels.
  at::Tensor losses_of(const Side& side, const at::Tensor& logits,
                       const std::vector<std::int64_t>& labels) const;
  std::vector<double> row_losses(const Side& side, const std::vector<TokenSample>& samples);

  CodeModel& model_;
  std::vector<InversionSample> samples_;
  std::int64_t target_label_;
  Options options_;
  /// Mean loss of each sample in the last choose(), then those of the reference.
  std::vector<double> difficulty_;
};

}  // namespace ncmlab
