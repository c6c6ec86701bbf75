// SPDX-License-Identifier: Apache-2.0
#include <benchmark/benchmark.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "ncmlab/core/rng.hpp"
#include "ncmlab/tokenize/tokenizer.hpp"
#include "shared_data.hpp"

namespace {

/// C-like functions with names of several words, numbers, comments and indentation.
std::vector<std::string> generated_functions(std::size_t bytes) {
  const std::vector<std::string> words = {"read", "buffer", "index", "state",  "packet", "frame",
                                          "get",  "size",   "ctx",   "stream", "alloc",  "next"};
  ncmlab::Rng rng(7);
  const auto name = [&] { return rng.pick(words) + "_" + rng.pick(words); };
  std::vector<std::string> functions;
  for (std::size_t written = 0; written < bytes; written += functions.back().size()) {
    std::string text = "static int " + name() + "(struct " + rng.pick(words) + " *s, int n)\n{\n";
    for (std::int64_t line = rng.between(5, 40); line > 0; --line) {
      const std::string left = name();
      const std::string number = std::to_string(rng.below(4096));
      text += rng.chance(0.2) ? "    /* " + name() + " isn't " + number + " */\n"
                              : "    if (s->" + left + " > " + number + ") {\n        " + left +
                                    " += " + name() + "(s, 0x" + number + ");\n    }\n";
    }
    functions.push_back(text + "    return 0;\n}\n");
  }
  return functions;
}

std::vector<std::string> devign_functions() {
  std::vector<std::string> functions;
  std::ifstream stream(real_data() / "devign" / "test.jsonl");
  for (std::string line; std::getline(stream, line);) {
    functions.push_back(nlohmann::json::parse(line).at("func").get<std::string>());
  }
  return functions;
}

std::int64_t total_bytes(const std::vector<std::string>& texts) {
  std::int64_t bytes = 0;
  for (const std::string& text : texts) {
    bytes += static_cast<std::int64_t>(text.size());
  }
  return bytes;
}

std::vector<std::string_view> views(const std::vector<std::string>& texts) {
  return {texts.begin(), texts.end()};
}

void encode_all(benchmark::State& state, const ncmlab::Tokenizer& tokenizer,
                const std::vector<std::string>& texts, bool with_ranges) {
  for (auto _ : state) {
    for (const std::string& text : texts) {
      if (with_ranges) {
        benchmark::DoNotOptimize(tokenizer.encode_with_ranges(text));
      } else {
        benchmark::DoNotOptimize(tokenizer.encode(text));
      }
    }
  }
  state.SetBytesProcessed(state.iterations() * total_bytes(texts));
}

void EncodeGenerated(benchmark::State& state) {
  const auto texts = generated_functions(1 << 20);
  const auto tokenizer = ncmlab::Tokenizer::train(views(texts), {});
  encode_all(state, tokenizer, texts, state.range(0) != 0);
}
BENCHMARK(EncodeGenerated)->Arg(0)->Arg(1)->ArgName("ranges")->Unit(benchmark::kMillisecond);

void EncodeDevign(benchmark::State& state, const char* folder, bool with_ranges) {
  const auto texts = devign_functions();
  if (texts.empty()) {
    state.SkipWithError("needs the Devign data set (set NCMLAB_DATA)");
    return;
  }
  encode_all(state, ncmlab::Tokenizer::from_folder(real_data() / folder), texts, with_ranges);
}
BENCHMARK_CAPTURE(EncodeDevign, roberta_base, "tokenizers/roberta-base", false)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(EncodeDevign, roberta_base_ranges, "tokenizers/roberta-base", true)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(EncodeDevign, codet5_base, "tokenizers/codet5-base", false)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(EncodeDevign, codebert_3mb, "models/codebert-3mb-devign", false)
    ->Unit(benchmark::kMillisecond);

/// Every text once, with nothing remembered from before.
void EncodeDevignCold(benchmark::State& state) {
  const auto texts = devign_functions();
  if (texts.empty()) {
    state.SkipWithError("needs the Devign data set (set NCMLAB_DATA)");
    return;
  }
  for (auto _ : state) {
    state.PauseTiming();
    const auto tokenizer =
        ncmlab::Tokenizer::from_folder(real_data() / "tokenizers" / "roberta-base");
    state.ResumeTiming();
    for (const std::string& text : texts) {
      benchmark::DoNotOptimize(tokenizer.encode(text));
    }
  }
  state.SetBytesProcessed(state.iterations() * total_bytes(texts));
}
BENCHMARK(EncodeDevignCold)->Unit(benchmark::kMillisecond);

void TrainOnGenerated(benchmark::State& state) {
  const auto texts = generated_functions(3 << 20);
  for (auto _ : state) {
    benchmark::DoNotOptimize(ncmlab::Tokenizer::train(views(texts), {}));
  }
  state.SetBytesProcessed(state.iterations() * total_bytes(texts));
}
BENCHMARK(TrainOnGenerated)->Unit(benchmark::kMillisecond);

}  // namespace
