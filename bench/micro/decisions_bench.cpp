// SPDX-License-Identifier: Apache-2.0
// What bfloat16 changes in the decisions of trained models, and what it saves: the distilled
// CodeBERTs of "Compressing Pre-trained Models of Code into 3 MB" on the first samples of the test
// sets that they were made for. Needs the data sets and checkpoints that NCMLAB_DATA names.
#include <benchmark/benchmark.h>
#include <torch/types.h>

#include <chrono>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <unordered_map>

#include "ncmlab/core/files.hpp"
#include "ncmlab/data/json_lines.hpp"
#include "ncmlab/model/code_model.hpp"
#include "ncmlab/networks/architecture.hpp"
#include "shared_data.hpp"

namespace {

namespace fs = std::filesystem;
using ncmlab::CodeModel;
using ncmlab::TokenSample;

constexpr std::size_t kSamples = 1500;

CodeModel open_victim(const std::string& name, std::int64_t inputs,
                      std::vector<std::int64_t> columns) {
  const fs::path folder = real_data() / "models" / name;
  const std::string config = ncmlab::read_file(folder / "config.json");
  const auto weights = ncmlab::split_weights(ncmlab::architecture_of(config, "config.json"),
                                             ncmlab::read_weights(folder));
  auto encoder = ncmlab::make_encoder(config, "config.json", ncmlab::Pooling::cls, weights.encoder);
  const std::int64_t hidden = encoder->shape().hidden;
  return {std::make_shared<ncmlab::Tokenizer>(ncmlab::Tokenizer::from_folder(folder)),
          std::move(encoder),
          ncmlab::Head({.hidden = hidden, .inputs = inputs, .label_columns = std::move(columns)},
                       weights.head),
          {.max_tokens = 400}};
}

std::vector<TokenSample> devign_samples(const CodeModel& victim) {
  std::vector<TokenSample> samples;
  const fs::path file = real_data() / "devign" / "test.jsonl";
  ncmlab::for_each_json_line(file, [&](const nlohmann::json& record, std::int64_t line) {
    if (samples.size() < kSamples) {
      samples.push_back(
          {.parts = {victim.tokenize(ncmlab::string_field(record, "func", file, line))},
           .label = ncmlab::integer_field(record, "target", file, line)});
    }
  });
  return samples;
}

std::vector<TokenSample> clone_samples(const CodeModel& victim) {
  const fs::path folder = real_data() / "bigclonebench";
  std::unordered_map<std::string, std::string> functions;
  ncmlab::for_each_json_line(folder / "data.jsonl",
                             [&](const nlohmann::json& record, std::int64_t line) {
                               functions[ncmlab::string_field(record, "idx", folder, line)] =
                                   ncmlab::string_field(record, "func", folder, line);
                             });
  std::vector<TokenSample> samples;
  std::ifstream pairs(folder / "test.txt");
  std::int64_t label = 0;
  for (std::string first, second; samples.size() < kSamples && pairs >> first >> second >> label;) {
    samples.push_back({.parts = {victim.tokenize(functions.at(first), 0),
                                 victim.tokenize(functions.at(second), 1)},
                       .label = label});
  }
  return samples;
}

struct Outcome {
  at::Tensor logits, decisions;
  double seconds = 0;
};

Outcome outcome_of(CodeModel& victim, const std::vector<TokenSample>& samples,
                   ncmlab::Precision precision) {
  victim.encoder().set_precision(precision);
  const auto begin = std::chrono::steady_clock::now();
  const at::Tensor logits = victim.predict_logits(samples);
  return {
      .logits = logits,
      .decisions = victim.head().log_probabilities(logits).argmax(1),
      .seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count()};
}

void compare(benchmark::State& state, CodeModel& victim, const std::vector<TokenSample>& samples) {
  std::vector<std::int64_t> labels;
  for (const TokenSample& sample : samples) {
    labels.push_back(sample.label);
  }
  const at::Tensor truth = at::tensor(labels);
  const auto percent = [](const at::Tensor& hits) {
    return 100 * hits.to(at::kDouble).mean().item<double>();
  };
  for (auto _ : state) {
    const Outcome exact = outcome_of(victim, samples, ncmlab::Precision::fp32);
    const Outcome coarse = outcome_of(victim, samples, ncmlab::Precision::bf16);
    const at::Tensor deviation = (coarse.logits - exact.logits).abs();
    state.counters["samples"] = static_cast<double>(samples.size());
    state.counters["fp32_accuracy"] = percent(exact.decisions == truth);
    state.counters["bf16_accuracy"] = percent(coarse.decisions == truth);
    state.counters["changed_%"] = percent(coarse.decisions != exact.decisions);
    state.counters["mean_deviation"] = deviation.mean().item<double>();
    state.counters["largest_deviation"] = deviation.max().item<double>();
    state.counters["logits_std"] = exact.logits.std().item<double>();
    state.counters["bf16_speed"] = exact.seconds / coarse.seconds;
  }
}

void run(benchmark::State& state, const std::string& model, std::int64_t inputs,
         std::vector<std::int64_t> columns,
         const std::function<std::vector<TokenSample>(const CodeModel&)>& samples_for) {
  if (!fs::exists(real_data() / "models" / model)) {
    state.SkipWithError("needs the data sets and checkpoints that NCMLAB_DATA names");
    return;
  }
  CodeModel victim = open_victim(model, inputs, std::move(columns));
  compare(state, victim, samples_for(victim));
}

void devign(benchmark::State& state) {
  run(state, "codebert-3mb-devign", 1, {1, 0}, devign_samples);
}
void bigclonebench(benchmark::State& state) {
  run(state, "codebert-3mb-bcb", 2, {}, clone_samples);
}

}  // namespace

BENCHMARK(devign)->Iterations(1)->Unit(benchmark::kSecond);
BENCHMARK(bigclonebench)->Iterations(1)->Unit(benchmark::kSecond);
