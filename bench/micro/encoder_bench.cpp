// SPDX-License-Identifier: Apache-2.0
// Forward passes of a RoBERTa encoder without gradients, in samples per second, and what share of
// this machine's own matrix-product rate they reach. Weights are random: they change no operation.
#include <benchmark/benchmark.h>
#include <torch/torch.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <memory>

#include "ncmlab/core/rng.hpp"
#include "ncmlab/nn/roberta.hpp"

namespace {

using ncmlab::RobertaConfig;

/// The sizes that the benches run: CodeBERT-base and the distilled 3 MB models.
RobertaConfig config_of(bool base) {
  if (base) {
    return {};
  }
  return {.vocab_size = 1000,
          .hidden_size = 96,
          .num_hidden_layers = 12,
          .num_attention_heads = 8,
          .intermediate_size = 64};
}

ncmlab::Encoder& encoder_of(bool base) {
  static std::map<bool, std::unique_ptr<ncmlab::Encoder>> encoders;
  auto& encoder = encoders[base];
  if (encoder == nullptr) {
    encoder = ncmlab::make_roberta(config_of(base), ncmlab::Pooling::cls, ncmlab::Rng(1));
  }
  return *encoder;
}

/// Token counts of eight Devign functions at the deciles of min(length, 400): mean 264, two fifths
/// of them at the cap.
const std::vector<std::int64_t> kNaturalLengths = {62, 104, 158, 226, 317, 400, 400, 400};

ncmlab::Batch batch_of(const RobertaConfig& config, const std::vector<std::int64_t>& lengths) {
  ncmlab::Rng rng(2);
  std::vector<std::vector<std::int64_t>> rows;
  for (const auto length : lengths) {
    std::vector<std::int64_t> row(static_cast<std::size_t>(length));
    std::generate(row.begin(), row.end(), [&] { return rng.between(4, config.vocab_size - 1); });
    rows.push_back(std::move(row));
  }
  std::vector<const std::vector<std::int64_t>*> pointers;
  for (const auto& row : rows) {
    pointers.push_back(&row);
  }
  return ncmlab::make_batch(pointers, config.pad_token_id);
}

/// Floating-point operations of one row: products with weights and attention.
double operations(const RobertaConfig& config, double length) {
  const auto hidden = static_cast<double>(config.hidden_size);
  const auto wide = static_cast<double>(config.intermediate_size);
  const auto layers = static_cast<double>(config.num_hidden_layers);
  const double dense = 2 * length * hidden * (4 * hidden + 2 * wide);
  const double attention = 4 * length * length * hidden;
  // The last layer needs keys and values of every token, everything else of one.
  const double last =
      2 * length * hidden * 2 * hidden + 4 * length * hidden + 2 * hidden * (2 * hidden + 2 * wide);
  return (layers - 1) * (dense + attention) + last;
}

/// GFLOP/s of at::mm at the model's two shapes with `tokens` rows, the best of several runs.
double product_rate(const RobertaConfig& config, std::int64_t tokens) {
  const at::NoGradGuard no_grad;
  double seconds = 0;
  double done = 0;
  for (const std::int64_t width : {config.hidden_size, config.intermediate_size}) {
    const at::Tensor a = torch::randn({tokens, config.hidden_size});
    const at::Tensor b = torch::randn({config.hidden_size, width});
    double best = 1e9;
    for (int i = 0; i < 5; ++i) {
      const auto begin = std::chrono::steady_clock::now();
      benchmark::DoNotOptimize(at::mm(a, b));
      best = std::min(
          best, std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
    }
    seconds += best;
    done += 2.0 * static_cast<double>(tokens * config.hidden_size * width);
  }
  return done / seconds * 1e-9;
}

void forward(benchmark::State& state, bool base, const std::vector<std::int64_t>& lengths) {
  torch::set_num_threads(static_cast<int>(state.range(0)));
  const at::NoGradGuard no_grad;
  const RobertaConfig config = config_of(base);
  ncmlab::Encoder& encoder = encoder_of(base);
  const ncmlab::Batch batch = batch_of(config, lengths);
  double work = 0;
  for (const auto length : lengths) {
    work += operations(config, static_cast<double>(length));
  }
  double seconds = 0;
  for (auto _ : state) {
    const auto begin = std::chrono::steady_clock::now();
    benchmark::DoNotOptimize(encoder.encode(batch, false));
    seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  }
  const auto passes = static_cast<double>(state.iterations());
  const double rate = work * passes / seconds * 1e-9;
  const double product = product_rate(config, batch.lengths.sum().item<std::int64_t>());
  state.counters["samples/s"] = static_cast<double>(lengths.size()) * passes / seconds;
  state.counters["GFLOP/s"] = rate;
  state.counters["mm_GFLOP/s"] = product;
  state.counters["share_of_mm"] = rate / product;
}

void base_length_400(benchmark::State& state) {
  forward(state, true, std::vector<std::int64_t>(8, 400));
}
void base_natural(benchmark::State& state) { forward(state, true, kNaturalLengths); }
void small_length_400(benchmark::State& state) {
  forward(state, false, std::vector<std::int64_t>(16, 400));
}
void small_natural(benchmark::State& state) {
  auto lengths = kNaturalLengths;
  lengths.insert(lengths.end(), kNaturalLengths.begin(), kNaturalLengths.end());
  forward(state, false, lengths);
}

}  // namespace

BENCHMARK(base_length_400)->ArgName("threads")->Arg(1)->Arg(2)->Unit(benchmark::kMillisecond);
BENCHMARK(base_natural)->ArgName("threads")->Arg(2)->Unit(benchmark::kMillisecond);
BENCHMARK(small_length_400)->ArgName("threads")->Arg(1)->Arg(2)->Unit(benchmark::kMillisecond);
BENCHMARK(small_natural)->ArgName("threads")->Arg(2)->Unit(benchmark::kMillisecond);
