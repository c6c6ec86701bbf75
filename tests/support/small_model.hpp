// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "ncmlab/model/code_model.hpp"
#include "ncmlab/networks/roberta.hpp"
#include "ncmlab/networks/t5.hpp"

namespace ncmlab::testing {

inline std::shared_ptr<const Tokenizer> small_tokenizer() {
  static const auto tokenizer = std::make_shared<const Tokenizer>(Tokenizer::train(
      {"int copy(char *to, char *from) { while (*from) *to++ = *from++; return 0; }"},
      {.vocab_size = 280}));
  return tokenizer;
}

/// A head whose weights are large enough for losses to differ.
inline CodeModel with_large_head(std::unique_ptr<Encoder> encoder, HeadShape shape, double dropout,
                                 std::uint64_t seed) {
  shape.hidden = encoder->shape().hidden;
  shape.dropout = dropout;
  CodeModel victim(small_tokenizer(), std::move(encoder), Head(shape, Rng(seed).stream("head")),
                   {.max_tokens = 48});
  for (const auto& [name, tensor] : victim.head().parameters()) {
    tensor.detach().mul_(15);
  }
  return victim;
}

/// A classifier with random weights that are large enough for its losses to differ.
inline CodeModel small_model(std::uint64_t seed, const HeadShape& head = {}, double dropout = 0,
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
  return with_large_head(make_roberta(config, pooling, Rng(seed)), head, dropout, seed);
}

/// The same on an encoder-decoder.
inline CodeModel small_t5_victim(std::uint64_t seed, const HeadShape& head = {},
                                 double dropout = 0) {
  const auto tokenizer = small_tokenizer();
  const SpecialIds& special = tokenizer->special();
  const T5Config config{.vocab_size = tokenizer->vocab_size(),
                        .d_model = 32,
                        .d_kv = 6,
                        .d_ff = 48,
                        .num_layers = 2,
                        .num_decoder_layers = 2,
                        .num_heads = 4,
                        .relative_attention_num_buckets = 12,
                        .relative_attention_max_distance = 30,
                        .pad_token_id = special.pad,
                        .eos_token_id = special.eos,
                        .decoder_start_token_id = special.pad,
                        .dropout_rate = dropout};
  return with_large_head(make_t5(config, Rng(seed)), head, dropout, seed);
}

/// Samples of random ids with the special tokens around them.
inline std::vector<TokenSample> random_samples(const CodeModel& victim, std::size_t count,
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
