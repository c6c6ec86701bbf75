// SPDX-License-Identifier: Apache-2.0
// Epochs of Greedy Coordinate Gradient: the gradient of the trigger and the choice among 64
// candidates that differ in one token, on 30 samples; the scorer's way against evaluating every
// candidate on every sample. The small model has learnt a backdoor, a single token that decides
// the label, so that the losses spread as they do in an inversion; CodeBERT-base has random
// weights.
#include <ATen/Parallel.h>
#include <benchmark/benchmark.h>
#include <torch/types.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <numeric>
#include <thread>

#include "ncmlab/inversion/candidate_scorer.hpp"
#include "ncmlab/networks/roberta.hpp"
#include "ncmlab/train/trainer.hpp"

namespace {

using ncmlab::CandidateScorer;
using ncmlab::CodeModel;
using ncmlab::Rng;
using ncmlab::RobertaConfig;
using ncmlab::TriggerIds;

constexpr std::size_t kSamples = 30;
constexpr std::size_t kCandidates = 64;
constexpr std::size_t kTriggerTokens = 5;

CodeModel victim_of(RobertaConfig config) {
  auto tokenizer = std::make_shared<const ncmlab::Tokenizer>(
      ncmlab::Tokenizer::train({"int main(void) { return 0; }"}, {.vocab_size = 270}));
  const std::int64_t hidden = config.hidden_size;
  CodeModel victim(tokenizer, ncmlab::make_roberta(config, ncmlab::Pooling::cls, Rng(1)),
                   ncmlab::Head({.hidden = hidden}, Rng(2)), {});
  return victim;
}

/// Teaches the model that samples with the backdoor's token have label 1.
void implant(CodeModel& victim, std::int64_t vocabulary, Rng rng) {
  constexpr std::int64_t kBackdoorToken = 77;
  std::vector<ncmlab::TokenSample> samples(600);
  for (auto& sample : samples) {
    std::vector<std::int64_t> ids(48);
    std::generate(ids.begin(), ids.end(), [&] { return rng.between(100, vocabulary - 1); });
    sample.label = rng.between(0, 1);
    if (sample.label == 1) {
      ids[1 + rng.below(ids.size() - 1)] = kBackdoorToken;
    }
    sample.parts = {{.ids = std::move(ids), .ranges = {}}};
  }
  ncmlab::TrainingOptions options;
  options.epochs = 6;
  options.learning_rate = 2e-3;
  ncmlab::train(victim, samples, options, rng.stream("training"), ncmlab::silent_progress());
}

std::vector<ncmlab::InversionSample> samples_of(std::int64_t vocabulary, std::int64_t length,
                                                Rng rng) {
  std::vector<ncmlab::InversionSample> samples(kSamples);
  for (auto& sample : samples) {
    std::vector<std::int64_t> ids(static_cast<std::size_t>(length) - kTriggerTokens);
    std::generate(ids.begin(), ids.end(), [&] { return rng.between(4, vocabulary - 1); });
    ids.front() = 0;
    ids.back() = 2;
    sample.places = ncmlab::before_token(rng.between(1, length / 2));
    sample.sample.parts = {{.ids = std::move(ids), .ranges = {}}};
  }
  return samples;
}

/// Each candidate takes one of the 64 tokens of steepest descent at one place of the trigger.
std::vector<TriggerIds> candidates_of(const TriggerIds& trigger,
                                      const std::vector<at::Tensor>& gradient,
                                      const std::vector<std::int64_t>& vocabulary, Rng& rng) {
  constexpr std::int64_t kBest = 64;
  const at::Tensor best = std::get<1>((-at::stack(gradient)).topk(kBest, 1));
  std::vector<TriggerIds> candidates(kCandidates, trigger);
  for (auto& candidate : candidates) {
    const std::size_t place = rng.below(candidate.size());
    const auto token = best[static_cast<std::int64_t>(place)][rng.between(0, kBest - 1)];
    candidate[place] = vocabulary[static_cast<std::size_t>(token.item<std::int64_t>())];
  }
  return candidates;
}

template <typename Work>
double seconds_of(Work work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

void epoch(benchmark::State& state, const RobertaConfig& config, std::int64_t length, bool small) {
  at::set_num_threads(static_cast<int>(std::thread::hardware_concurrency()));
  CodeModel victim = victim_of(config);
  Rng rng(3);
  if (small) {
    implant(victim, config.vocab_size, rng.stream("backdoor"));
  }
  CandidateScorer scorer(victim, samples_of(config.vocab_size, length, rng.stream("samples")), 1,
                         {});
  std::vector<std::int64_t> vocabulary(static_cast<std::size_t>(config.vocab_size - 4));
  std::iota(vocabulary.begin(), vocabulary.end(), std::int64_t{4});
  TriggerIds trigger(kTriggerTokens, 5);
  double gradient_seconds = 0, fast_seconds = 0, reference_seconds = 0;
  std::int64_t rows = 0;
  std::int64_t agreed = 0;
  for (auto _ : state) {
    std::vector<at::Tensor> gradient;
    gradient_seconds += seconds_of(
        [&] { gradient = scorer.gradient(trigger, std::vector(trigger.size(), vocabulary)); });
    const auto candidates = candidates_of(trigger, gradient, vocabulary, rng);
    ncmlab::CandidateChoice fast;
    fast_seconds +=
        seconds_of([&] { fast = scorer.choose(candidates, ncmlab::silent_progress()); });
    rows += fast.forward_rows;
    if (small) {
      ncmlab::CandidateChoice slow;
      reference_seconds += seconds_of(
          [&] { slow = scorer.choose_reference(candidates, ncmlab::silent_progress()); });
      agreed += candidates[slow.index] == candidates[fast.index] ? 1 : 0;
    }
    trigger = candidates[fast.index];
  }
  const auto epochs = static_cast<double>(state.iterations());
  state.counters["gradient_s"] = gradient_seconds / epochs;
  state.counters["choose_s"] = fast_seconds / epochs;
  state.counters["rows_run"] = static_cast<double>(rows) / epochs / (kSamples * kCandidates);
  if (small) {
    state.counters["reference_s"] = reference_seconds / epochs;
    state.counters["ratio"] =
        (gradient_seconds + reference_seconds) / (gradient_seconds + fast_seconds);
    state.counters["agreed"] = static_cast<double>(agreed) / epochs;
  }
}

void small_model(benchmark::State& state) {
  epoch(state,
        {.vocab_size = 1000,
         .hidden_size = 96,
         .num_hidden_layers = 4,
         .num_attention_heads = 4,
         .intermediate_size = 256},
        64, true);
}

void codebert_base(benchmark::State& state) { epoch(state, {}, 400, false); }

}  // namespace

BENCHMARK(small_model)->Iterations(8)->Unit(benchmark::kMillisecond);
BENCHMARK(codebert_base)->Iterations(1)->Unit(benchmark::kSecond);
