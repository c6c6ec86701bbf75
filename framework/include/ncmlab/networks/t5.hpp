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

/// The fields of a T5 `config.json` that change a result.
struct T5Config {
  std::int64_t vocab_size = 32128;
  std::int64_t d_model = 512;
  std::int64_t d_kv = 64;  ///< width of one head; heads * d_kv may differ from d_model
  std::int64_t d_ff = 2048;
  std::int64_t num_layers = 6;
  std::int64_t num_decoder_layers = 6;
  std::int64_t num_heads = 8;
  std::int64_t relative_attention_num_buckets = 32;
  std::int64_t relative_attention_max_distance = 128;
  std::int64_t pad_token_id = 0;
  std::int64_t eos_token_id = 1;
  std::int64_t decoder_start_token_id = 0;
  Activation dense_act_fn = Activation::relu;
  bool is_gated_act = false;        ///< act(wi_0 x) * (wi_1 x) instead of act(wi x)
  bool tie_word_embeddings = true;  ///< false: the output layer `lm_head` has its own weights
  double dropout_rate = 0.1;
  double layer_norm_epsilon = 1e-6;
  double initializer_factor = 1.0;

  /// Parses `config.json`; `origin` names it in errors. Throws Error `checkpoint.bad-config` for
  /// an unknown model type, a missing field or sizes that do not fit together.
  static T5Config from_json(std::string_view json, std::string_view origin);
  /// `has_lm_head` says whether the weights beside it hold an output layer of their own.
  std::string to_json(bool has_lm_head) const;
};

/// A T5 encoder and decoder (Raffel et al. 2020; CodeT5: Wang et al. 2021) that turn a row into
/// one vector as CodeXGLUE does: the row is its own target, shifted right, and the vector is the
/// decoder's last state (after the final norm) at the row's last `eos_token_id`. encode() throws
/// Error `model.no-eos` for a row without one. A decoder position sees the row up to itself, so
/// the decoder ends at that token.
///
/// Batch::embeddings stand in for the word embeddings of both inputs; with
/// Batch::decoder_embeddings for the encoder's alone. hidden_states() are the encoder's,
/// decoder_hidden_states() the decoder's, the last ones after the final norm.
///
/// Random weights are drawn as Hugging Face does (scaled by `initializer_factor`), unit norms.
std::unique_ptr<Encoder> make_t5(const T5Config& config, Rng rng);

/// The same from named tensors (names of T5ForConditionalGeneration, without a prefix). Missing or
/// misshapen tensors are all reported, with both shapes. An untied `lm_head` is not needed; if
/// there is one, it is carried along in parameters() so that it is not lost, and never used.
std::unique_ptr<Encoder> make_t5(const T5Config& config, const StateDict& weights);

}  // namespace ncmlab
