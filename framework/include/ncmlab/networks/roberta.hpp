// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "ncmlab/core/rng.hpp"
#include "ncmlab/kernels/activation.hpp"
#include "ncmlab/networks/encoder.hpp"

namespace ncmlab {

/// The fields of a RoBERTa `config.json` that change a result.
struct RobertaConfig {
  std::int64_t vocab_size = 50265;
  std::int64_t hidden_size = 768;
  std::int64_t num_hidden_layers = 12;
  std::int64_t num_attention_heads = 12;
  std::int64_t intermediate_size = 3072;
  std::int64_t max_position_embeddings = 514;
  std::int64_t type_vocab_size = 1;
  std::int64_t pad_token_id = 1;
  Activation hidden_act = Activation::gelu;
  double hidden_dropout_prob = 0.1;
  double attention_probs_dropout_prob = 0.1;
  double layer_norm_eps = 1e-5;
  double initializer_range = 0.02;

  /// Parses `config.json`; `origin` names it in errors. Throws Error `checkpoint.bad-config` for
  /// an unknown model type, a missing field or sizes that do not fit together.
  static RobertaConfig from_json(std::string_view json, std::string_view origin);
  std::string to_json() const;
};

/// A RoBERTa encoder (Liu et al. 2019; CodeBERT, UniXcoder) with random weights as Hugging Face
/// initialises them: normal(0, initializer_range), zero biases, unit norms.
std::unique_ptr<Encoder> make_roberta(const RobertaConfig& config, Pooling pooling, Rng rng);

/// The same from named tensors (names of RobertaModel, without a prefix). Missing or misshapen
/// tensors are all reported, with both shapes. A pooler is not needed; if there is one, it is
/// carried along in parameters() so that it is not lost, and never used.
std::unique_ptr<Encoder> make_roberta(const RobertaConfig& config, Pooling pooling,
                                      const StateDict& weights);

}  // namespace ncmlab
