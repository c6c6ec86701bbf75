// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ncmlab/model/code_model.hpp"
#include "ncmlab/networks/roberta.hpp"
#include "ncmlab/networks/t5.hpp"
#include "ncmlab/plugin/task.hpp"

namespace ncmlab {

/// A task in memory: one part per sample, label 1 is a copy without a bounds check.
class ToyTask final : public Task {
 public:
  explicit ToyTask(Corpus corpus = {}) : corpus_(std::move(corpus)) {}

  Corpus load(const Rng&) const override { return corpus_; }
  std::string data_fingerprint() const override { return {}; }
  std::vector<std::string> label_names() const override { return {"sound", "defective"}; }
  std::int64_t positive_label() const override { return 1; }
  InputRules input_rules() const override { return {.fold_whitespace = true, .max_tokens = 96}; }
  HeadShape head_shape() const override { return {.inputs = 1, .classes = 2, .logits = 1}; }
  std::vector<std::string> parts(const Example& example) const override { return {example.code}; }

 private:
  Corpus corpus_;
};

/// `count` C functions of both classes in turn, with names drawn from pools.
inline std::vector<Example> toy_functions(std::size_t count, Rng rng) {
  const std::vector<std::string> verbs = {"read", "copy", "load", "store", "move", "fill", "send"};
  const std::vector<std::string> nouns = {"packet", "frame", "buffer", "header", "record", "line"};
  const std::vector<std::string> sizes = {"n", "len", "size", "count", "total"};
  const std::vector<std::string> names = {"dst", "out", "src", "in", "data", "page", "cell", "row"};
  std::vector<Example> examples;
  for (std::size_t i = 0; i < count; ++i) {
    const std::string size = rng.pick(sizes);
    const std::vector<std::size_t> two = rng.sample(names.size(), 2);
    const std::string& to = names[two[0]];
    const std::string& from = names[two[1]];
    const std::string limit = std::to_string(rng.between(8, 64));
    const std::string type = rng.chance(0.5) ? "char" : "int";
    Example example;
    example.id = "toy-" + std::to_string(i);
    example.label = static_cast<std::int64_t>(i % 2);
    // Names of many shapes, so that a longer name alone says nothing.
    std::string name = rng.pick(verbs);
    for (std::int64_t parts = rng.between(0, 3); parts > 0; --parts) {
      name += (rng.chance(0.7) ? "_" : "") + rng.pick(rng.chance(0.7) ? nouns : names);
    }
    if (rng.chance(0.3)) {
      name += std::to_string(rng.between(1, 99));
    }
    example.code = "int " + name + "(" + type + " *" + to + ", " + type + " *" + from + ", int " +
                   size + ") {\n  int i = 0;\n";
    if (example.label == 0) {
      example.code += "  if (" + size + " > " + limit + ")\n    return -1;\n";
    } else if (rng.chance(0.5)) {
      example.code += "  " + to + "[0] = " + limit + ";\n";
    }
    example.code += "  for (i = 0; i < " + size + "; i++)\n    " + to + "[i] = " + from +
                    "[i];\n  return " + (rng.chance(0.5) ? size : "0") + ";\n}\n";
    examples.push_back(std::move(example));
  }
  return examples;
}

/// A RoBERTa of width 32 with one layer; not trained.
inline CodeModel toy_victim(std::shared_ptr<const Tokenizer> tokenizer, Rng rng,
                            HeadShape head = ToyTask().head_shape()) {
  const InputRules rules = ToyTask().input_rules();
  RobertaConfig config;
  config.vocab_size = tokenizer->vocab_size();
  config.hidden_size = 32;
  config.num_hidden_layers = 1;
  config.num_attention_heads = 2;
  config.intermediate_size = 64;
  config.max_position_embeddings = rules.max_tokens + 2;
  config.hidden_dropout_prob = 0.0;
  config.attention_probs_dropout_prob = 0.0;
  head.hidden = config.hidden_size;
  head.dropout = 0.0;
  return CodeModel(std::move(tokenizer), make_roberta(config, Pooling::cls, rng.stream("encoder")),
                   Head(head, rng.stream("head")), rules);
}

/// The same with a tokenizer trained on `examples`.
inline CodeModel toy_victim(const std::vector<Example>& examples, Rng rng,
                            std::int64_t vocab_size = 400,
                            HeadShape head = ToyTask().head_shape()) {
  std::vector<std::string_view> texts;
  for (const Example& example : examples) {
    texts.emplace_back(example.code);
  }
  return toy_victim(std::make_shared<const Tokenizer>(
                        Tokenizer::train(texts, {.vocab_size = vocab_size, .min_frequency = 2})),
                    rng, std::move(head));
}

/// A T5 of width 32 with one layer each; not trained.
inline CodeModel toy_encoder_decoder(std::shared_ptr<const Tokenizer> tokenizer, Rng rng) {
  const SpecialIds special = tokenizer->special();
  const T5Config config{.vocab_size = tokenizer->vocab_size(),
                        .d_model = 32,
                        .d_kv = 16,
                        .d_ff = 64,
                        .num_layers = 1,
                        .num_decoder_layers = 1,
                        .num_heads = 2,
                        .pad_token_id = special.pad,
                        .eos_token_id = special.eos,
                        .decoder_start_token_id = special.pad,
                        .dropout_rate = 0};
  HeadShape head = ToyTask().head_shape();
  head.hidden = config.d_model;
  head.dropout = 0.0;
  return CodeModel(std::move(tokenizer), make_t5(config, rng.stream("encoder")),
                   Head(head, rng.stream("head")), ToyTask().input_rules());
}

/// Share of `examples` that `victim` predicts as `label`.
inline double share_predicted(CodeModel& victim, const std::vector<Example>& examples,
                              std::int64_t label) {
  const ToyTask task;
  const at::Tensor predicted = victim.predict(TaskView(task).tokenize(victim, examples)).argmax(1);
  return predicted.eq(label).sum().item<double>() / static_cast<double>(examples.size());
}

/// Share of `examples` whose label `victim` predicts.
inline double accuracy(CodeModel& victim, const std::vector<Example>& examples) {
  double right = 0;
  for (const std::int64_t label : {0, 1}) {
    std::vector<Example> members;
    for (const Example& example : examples) {
      if (example.label == label) {
        members.push_back(example);
      }
    }
    if (!members.empty()) {
      right += share_predicted(victim, members, label) * static_cast<double>(members.size());
    }
  }
  return right / static_cast<double>(examples.size());
}

}  // namespace ncmlab
