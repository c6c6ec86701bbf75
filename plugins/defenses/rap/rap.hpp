// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ncmlab/plugin/input_defense.hpp"
#include "ncmlab/plugin/schema.hpp"

namespace ncmlab {

struct RapConfig {
  std::string token;
  std::int64_t steps = 300;
  std::int64_t batch_size = 32;
  double learning_rate = 0.01;
  bool accumulate = true;
  double least_fall = 0.1;
  double most_fall = 0.3;
  double scale = 1;
  double false_rejection_rate = 0.05;
};

/// What is minimised: `scale` times the mean of by how much `falls` [samples] stay below
/// `least_fall`, and the mean of by how much they exceed `most_fall`.
at::Tensor rap_loss(const at::Tensor& falls, const RapConfig& config);

/// Samples that the victim gives one label, with a token in front.
struct PerturbedSamples {
  std::int64_t label = 0;
  std::int64_t token = 0;
  std::vector<TokenSample> samples;
  at::Tensor before;  ///< the label's probabilities without the token, [samples] float64
};
/// A row of the embedding table with which the token lowers the label's probability: that which the
/// token has in `model`, moved by gradient descent on rap_loss() of the samples, one at least, in
/// their order and over again, and kept at its length. Changes nothing of the model.
at::Tensor unsettling_row(const RapConfig& config, CodeModel& model,
                          const PerturbedSamples& samples, Progress& progress);

/// Of the tokens of letters alone those that stand in the fewest places of `samples`; <unk> of a
/// vocabulary without such tokens.
std::vector<std::int64_t> rarest_tokens(const Tokenizer& tokenizer,
                                        const std::vector<TokenSample>& samples);

/// The sample with `token` in front of the text of every part, cut as the model cuts.
TokenSample with_token(TokenSample sample, std::int64_t token, const InputRules& rules);

/// Robustness-aware perturbations (Yang et al., EMNLP 2021).
class Rap final : public InputDefense {
 public:
  static constexpr std::string_view
      kName = "rap",
      kVersion = "0.1.0",
      kSummary = "Rejects inputs whose answer a token that unsettles clean code leaves as sure.",
      kReference = "https://arxiv.org/abs/2110.07831";

  explicit Rap(RapConfig config) : config_(std::move(config)) {}
  static Schema<RapConfig> schema();

  double false_rejection_rate() const override { return config_.false_rejection_rate; }
  std::unique_ptr<InputFilter> fit(DefenseContext& context) const override;

 private:
  RapConfig config_;
};

}  // namespace ncmlab
