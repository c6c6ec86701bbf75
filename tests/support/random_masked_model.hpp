// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ncmlab/language/masked_model.hpp"
#include "ncmlab/model/code_model.hpp"

namespace ncmlab {

/// A masked model of the victim's tokens that knows nothing: what it expects is odd, but the same
/// each time.
inline MaskedModel random_masked_model(const CodeModel& victim) {
  const RobertaConfig config{.vocab_size = victim.tokenizer().vocab_size(),
                             .hidden_size = 32,
                             .num_hidden_layers = 1,
                             .num_attention_heads = 2,
                             .intermediate_size = 64,
                             .max_position_embeddings = victim.rules().max_tokens + 2};
  return {victim.shared_tokenizer(), config, Rng(8)};
}

}  // namespace ncmlab
