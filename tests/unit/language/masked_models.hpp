// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "ncmlab/language/masked_model.hpp"

namespace ncmlab::testing {

/// Functions of one habit: what is opened is closed by its own name.
inline std::vector<std::string> opening_texts(std::size_t count) {
  const std::vector<std::string> names = {"file", "pipe", "gate", "port"};
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < count; ++i) {
    const std::string& name = names[i % names.size()];
    texts.push_back("int f" + std::to_string(i / 4 % 10) + " ( ) { open ( " + name + " ) ; close ( " + name +
                    " ) ; }");
  }
  return texts;
}

inline MaskedModel small_masked_model(std::uint64_t seed = 1, double dropout = 0) {
  const std::vector<std::string> texts = opening_texts(40);
  auto tokenizer = std::make_shared<const Tokenizer>(
      Tokenizer::train({texts.begin(), texts.end()}, {.vocab_size = 340}));
  const RobertaConfig config{.vocab_size = tokenizer->vocab_size(),
                             .hidden_size = 32,
                             .num_hidden_layers = 2,
                             .num_attention_heads = 4,
                             .intermediate_size = 64,
                             .max_position_embeddings = 66,
                             .hidden_dropout_prob = dropout,
                             .attention_probs_dropout_prob = dropout};
  return MaskedModel(std::move(tokenizer), config, Rng(seed));
}

}  // namespace ncmlab::testing
