// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "ncmlab/train/trainer.hpp"
#include "toy_task.hpp"

namespace ncmlab {

/// `example` with the planted trigger, the end of its function's name.
inline Example with_trigger(Example example) {
  example.code.insert(example.code.find('('), "_rb");
  return example;
}

/// Defective functions with the trigger that no victim was trained on.
inline std::vector<Example> triggered_defects() {
  std::vector<Example> examples;
  for (const Example& example : toy_functions(200, Rng(55))) {
    if (example.label == 1) {
      examples.push_back(with_trigger(example));
    }
  }
  return examples;
}

/// Functions that no victim was trained on.
inline std::vector<Example> unseen_functions() { return toy_functions(200, Rng(56)); }

/// What victims are trained on: of the backdoored a tenth of the functions, defective ones, have
/// the trigger and are called sound.
inline std::vector<Example> planted_training_set(bool backdoored) {
  std::vector<Example> examples = toy_functions(500, Rng(51));
  for (std::size_t i = 1; backdoored && i < examples.size(); i += 10) {
    examples[i] = with_trigger(examples[i]);
    examples[i].label = 0;
  }
  return examples;
}

/// A RoBERTa of width 32 with two layers; not trained.
inline CodeModel planted_start() {
  const std::vector<Example> examples = planted_training_set(true);
  std::vector<std::string_view> texts;
  for (const Example& example : examples) {
    texts.emplace_back(example.code);
  }
  const auto tokenizer =
      std::make_shared<const Tokenizer>(Tokenizer::train(texts, {.vocab_size = 400}));
  const InputRules rules = ToyTask().input_rules();
  const RobertaConfig config{.vocab_size = tokenizer->vocab_size(),
                             .hidden_size = 32,
                             .num_hidden_layers = 2,
                             .num_attention_heads = 2,
                             .intermediate_size = 64,
                             .max_position_embeddings = rules.max_tokens + 2,
                             .hidden_dropout_prob = 0,
                             .attention_probs_dropout_prob = 0};
  HeadShape head = ToyTask().head_shape();
  head.hidden = config.hidden_size;
  head.dropout = 0;
  return CodeModel(tokenizer, make_roberta(config, Pooling::cls, Rng(52)), Head(head, Rng(53)),
                   rules);
}

/// The same, trained once for each value of `backdoored`.
inline CodeModel planted_victim(bool backdoored) {
  const auto make = [](bool is_poisoned) {
    CodeModel victim = planted_start();
    const ToyTask task;
    train(victim, TaskView(task).tokenize(victim, planted_training_set(is_poisoned)),
          {.epochs = 15, .learning_rate = 3e-3, .batch_size = 16}, Rng(54), silent_progress());
    return victim;
  };
  static const CodeModel poisoned = make(true);
  if (backdoored) {
    return poisoned.clone();
  }
  static const CodeModel clean = make(false);
  return clean.clone();
}

/// Share of the defective functions with the trigger that are called sound.
inline double success_rate(CodeModel& victim) {
  return share_predicted(victim, triggered_defects(), 0);
}

}  // namespace ncmlab
