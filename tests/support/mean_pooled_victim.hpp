// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "planted_victim.hpp"

namespace ncmlab {

/// Of one layer, mean pooling and a linear head, trained once for each value of `backdoored`: its
/// loss has gradients with respect to mixtures of words, which a saturated tanh would not pass on.
inline CodeModel mean_pooled_victim(bool backdoored) {
  const auto make = [](bool is_poisoned) {
    const std::vector<Example> known = planted_training_set(true);
    std::vector<std::string_view> texts;
    for (const Example& example : known) {
      texts.emplace_back(example.code);
    }
    const auto tokenizer =
        std::make_shared<const Tokenizer>(Tokenizer::train(texts, {.vocab_size = 400}));
    const InputRules rules = ToyTask().input_rules();
    const RobertaConfig config{.vocab_size = tokenizer->vocab_size(),
                               .hidden_size = 32,
                               .num_hidden_layers = 1,
                               .num_attention_heads = 2,
                               .intermediate_size = 64,
                               .max_position_embeddings = rules.max_tokens + 2,
                               .hidden_dropout_prob = 0,
                               .attention_probs_dropout_prob = 0};
    HeadShape head = ToyTask().head_shape();
    head.hidden = config.hidden_size;
    head.dense = false;
    head.dropout = 0;
    CodeModel victim(tokenizer, make_roberta(config, Pooling::mean, Rng(62)), Head(head, Rng(63)),
                     rules);
    const ToyTask task;
    train(victim, TaskView(task).tokenize(victim, planted_training_set(is_poisoned)),
          {.epochs = 15, .learning_rate = 3e-3, .batch_size = 16}, Rng(64), silent_progress());
    return victim;
  };
  static const CodeModel poisoned = make(true);
  if (backdoored) {
    return poisoned.clone();
  }
  static const CodeModel clean = make(false);
  return clean.clone();
}

}  // namespace ncmlab
