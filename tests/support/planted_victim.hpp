// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
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

/// How many of these places of the backdoored training set have the trigger.
inline std::size_t planted_among(const std::vector<std::size_t>& places) {
  const std::vector<Example> clean = planted_training_set(false);
  const std::vector<Example> all = planted_training_set(true);
  return static_cast<std::size_t>(std::ranges::count_if(
      places, [&](std::size_t place) { return all[place].code != clean[place].code; }));
}

/// What planted victims differ in.
struct PlantedShape {
  std::int64_t layers = 2;
  Pooling pooling = Pooling::cls;
  bool dense_head = true;   ///< a tanh layer before the logits
  std::uint64_t seed = 52;  ///< of the encoder; the next two are those of head and training

  auto operator<=>(const PlantedShape&) const = default;
};

/// A RoBERTa of width 32; not trained.
inline CodeModel planted_start(const PlantedShape& shape = {}) {
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
                             .num_hidden_layers = shape.layers,
                             .num_attention_heads = 2,
                             .intermediate_size = 64,
                             .max_position_embeddings = rules.max_tokens + 2,
                             .hidden_dropout_prob = 0,
                             .attention_probs_dropout_prob = 0};
  HeadShape head = ToyTask().head_shape();
  head.hidden = config.hidden_size;
  head.dense = shape.dense_head;
  head.dropout = 0;
  return CodeModel(tokenizer, make_roberta(config, shape.pooling, Rng(shape.seed)),
                   Head(head, Rng(shape.seed + 1)), rules);
}

/// The same, trained once for each shape and value of `backdoored`.
inline CodeModel planted_victim(bool backdoored, const PlantedShape& shape = {}) {
  static std::map<std::pair<PlantedShape, bool>, CodeModel> trained;
  const std::pair key(shape, backdoored);
  auto place = trained.find(key);
  if (place == trained.end()) {
    CodeModel victim = planted_start(shape);
    const ToyTask task;
    train(victim, TaskView(task).tokenize(victim, planted_training_set(backdoored)),
          {.epochs = 15, .learning_rate = 3e-3, .batch_size = 16}, Rng(shape.seed + 2),
          silent_progress());
    place = trained.emplace(key, std::move(victim)).first;
  }
  return place->second.clone();
}

/// Share of the defective functions with the trigger that are called sound.
inline double success_rate(CodeModel& victim) {
  return share_predicted(victim, triggered_defects(), 0);
}

}  // namespace ncmlab
