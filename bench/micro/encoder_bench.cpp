// SPDX-License-Identifier: Apache-2.0
// Forward passes of a RoBERTa encoder without gradients, in samples per second, and what share of
// this machine's own matrix-product rate they reach. Weights are random: they change no operation.
#include <ATen/Parallel.h>

#include <map>
#include <memory>

#include "encoder_sizes.hpp"
#include "networks/linear_layers.hpp"

namespace {

using namespace ncmlab::bench;
using ncmlab::Precision;

ncmlab::Encoder& encoder_of(bool base) {
  static std::map<bool, std::unique_ptr<ncmlab::Encoder>> encoders;
  auto& encoder = encoders[base];
  if (encoder == nullptr) {
    encoder = ncmlab::make_roberta(config_of(base), ncmlab::Pooling::cls, ncmlab::Rng(1));
  }
  return *encoder;
}

void forward(benchmark::State& state, bool base, const std::vector<std::int64_t>& lengths,
             Precision precision = Precision::fp32) {
  at::set_num_threads(static_cast<int>(state.range(0)));
  const at::NoGradGuard no_grad;
  const auto config = config_of(base);
  ncmlab::Encoder& encoder = encoder_of(base);
  encoder.set_precision(precision);
  const ncmlab::Batch batch = batch_of(config, lengths);
  // Without bf16 products in the processor the encoder multiplies rounded numbers in float32.
  const bool bf16 = precision == Precision::bf16 && ncmlab::has_bf16_products();
  benchmark::DoNotOptimize(encoder.encode(batch, false));
  double seconds = 1e9;
  double product = 0;
  // The machine may be busy with other work: the best pass beside the best product of the same
  // time.
  for (auto _ : state) {
    const auto begin = std::chrono::steady_clock::now();
    benchmark::DoNotOptimize(encoder.encode(batch, false));
    seconds = std::min(seconds, seconds_since(begin));
    state.PauseTiming();
    product = std::max(product, product_rate(config, batch.lengths.sum().item<std::int64_t>(),
                                             bf16 ? at::kBFloat16 : at::kFloat));
    state.ResumeTiming();
  }
  const double rate = operations(config, lengths) / seconds * 1e-9;
  state.counters["samples/s"] = static_cast<double>(lengths.size()) / seconds;
  state.counters["GFLOP/s"] = rate;
  state.counters["mm_GFLOP/s"] = product;
  state.counters["share_of_mm"] = rate / product;
}

void base_length_400(benchmark::State& state) { forward(state, true, kFullLengths); }
void base_natural(benchmark::State& state) { forward(state, true, kNaturalLengths); }
void base_length_400_bf16(benchmark::State& state) {
  forward(state, true, kFullLengths, Precision::bf16);
}
void base_natural_bf16(benchmark::State& state) {
  forward(state, true, kNaturalLengths, Precision::bf16);
}
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
BENCHMARK(base_length_400_bf16)->ArgName("threads")->Arg(2)->Unit(benchmark::kMillisecond);
BENCHMARK(base_natural_bf16)->ArgName("threads")->Arg(2)->Unit(benchmark::kMillisecond);
BENCHMARK(small_length_400)->ArgName("threads")->Arg(1)->Arg(2)->Unit(benchmark::kMillisecond);
BENCHMARK(small_natural)->ArgName("threads")->Arg(2)->Unit(benchmark::kMillisecond);
