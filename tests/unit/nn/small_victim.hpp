// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "ncmlab/nn/roberta.hpp"
#include "ncmlab/nn/victim.hpp"

namespace ncmlab::testing {

inline std::shared_ptr<const Tokenizer> small_tokenizer() {
  static const auto tokenizer = std::make_shared<const Tokenizer>(Tokenizer::train(
      {"int copy(char *to, char *from) { while (*from) *to++ = *from++; return 0; }"},
      {.vocab_size = 280}));
  return tokenizer;
}

/// A classifier with random weights that are large enough for its losses to differ.
inline Victim small_victim(std::uint64_t seed, const HeadShape& head = {}, double dropout = 0,
                           Pooling pooling = Pooling::cls) {
  const auto tokenizer = small_tokenizer();
  RobertaConfig config{.vocab_size = tokenizer->vocab_size(),
                       .hidden_size = 32,
                       .num_hidden_layers = 2,
                       .num_attention_heads = 4,
                       .intermediate_size = 48,
                       .max_position_embeddings = 66,
                       .pad_token_id = tokenizer->special().pad,
                       .hidden_dropout_prob = dropout,
                       .attention_probs_dropout_prob = dropout,
                       .initializer_range = 0.3};
  HeadShape shape = head;
  shape.hidden = config.hidden_size;
  shape.dropout = dropout;
  Victim victim(tokenizer, make_roberta(config, pooling, Rng(seed)),
                Head(shape, Rng(seed).stream("head")), {.max_tokens = 48});
  for (const auto& [name, tensor] : victim.head().parameters()) {
    tensor.detach().mul_(15);
  }
  return victim;
}

/// Samples of random ids with the special tokens around them.
inline std::vector<TokenSample> random_samples(const Victim& victim, std::size_t count,
                                               std::size_t parts, Rng rng) {
  std::vector<TokenSample> samples(count);
  const auto& special = victim.tokenizer().special();
  for (TokenSample& sample : samples) {
    for (std::size_t part = 0; part < parts; ++part) {
      TokenRow row{.ids = {special.bos}, .ranges = {}};
      for (std::int64_t i = rng.between(1, 40); i-- > 0;) {
        row.ids.push_back(rng.between(4, victim.tokenizer().vocab_size() - 2));
      }
      row.ids.push_back(special.eos);
      sample.parts.push_back(std::move(row));
    }
    sample.label = rng.between(0, victim.classes() - 1);
  }
  return samples;
}

}  // namespace ncmlab::testing
