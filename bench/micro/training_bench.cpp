// SPDX-License-Identifier: Apache-2.0
// Steps of training (forward, backward, AdamW) of a RoBERTa classifier with dropout, in samples per
// second, and what share of this machine's own matrix-product rate they reach. The pieces are those
// that train() makes of a batch.
#include <ATen/Parallel.h>

#include "encoder_sizes.hpp"
#include "ncmlab/networks/head.hpp"
#include "ncmlab/train/optimizer.hpp"
#include "networks/linear_layers.hpp"

namespace {

using namespace ncmlab::bench;
using ncmlab::Precision;
using ncmlab::Rng;

/// Encoder, head and optimiser over all their parameters.
struct Model {
  explicit Model(const ncmlab::RobertaConfig& config)
      : encoder(ncmlab::make_roberta(config, ncmlab::Pooling::cls, Rng(1))),
        head({.hidden = config.hidden_size}, Rng(2)),
        optimizer(parameters(), {}, 0, 1'000'000) {}

  ncmlab::StateDict parameters() const {
    ncmlab::StateDict all;
    for (const auto& [name, tensor] : encoder->parameters()) {
      all.add("encoder." + name, tensor);
    }
    for (const auto& [name, tensor] : head.parameters()) {
      all.add("classifier." + name, tensor);
    }
    return all;
  }

  void step(const std::vector<ncmlab::Batch>& pieces) {
    optimizer.zero_grad();
    for (const ncmlab::Batch& piece : pieces) {
      const at::Tensor logits = head.logits(encoder->encode(piece, true), true);
      head.losses(logits, torch::zeros({logits.size(0)}, at::kLong)).sum().backward();
    }
    optimizer.step();
  }

  std::unique_ptr<ncmlab::Encoder> encoder;
  ncmlab::Head head;
  ncmlab::Optimizer optimizer;
};

/// Rows of `lengths`, in order, of about 2,000 tokens at a time.
std::vector<ncmlab::Batch> pieces_of(const ncmlab::RobertaConfig& config,
                                     const std::vector<std::int64_t>& lengths) {
  std::vector<ncmlab::Batch> pieces;
  std::vector<std::int64_t> rows;
  std::int64_t tokens = 0;
  for (const std::int64_t length : lengths) {
    if (!rows.empty() && tokens + length > 2048) {
      pieces.push_back(batch_of(config, rows));
      rows.clear();
      tokens = 0;
    }
    rows.push_back(length);
    tokens += length;
  }
  pieces.push_back(batch_of(config, rows));
  return pieces;
}

void train(benchmark::State& state, bool base, const std::vector<std::int64_t>& lengths,
           Precision precision = Precision::fp32) {
  at::set_num_threads(static_cast<int>(state.range(0)));
  const auto config = config_of(base);
  Model model(config);
  model.encoder->set_precision(precision);
  const auto pieces = pieces_of(config, lengths);
  const bool bf16 = precision == Precision::bf16 && ncmlab::has_bf16_products();
  model.step(pieces);
  double seconds = 1e9;
  double product = 0;
  // The best step beside the best product of the same time, as in encoder_bench.
  for (auto _ : state) {
    const auto begin = std::chrono::steady_clock::now();
    model.step(pieces);
    seconds = std::min(seconds, seconds_since(begin));
    state.PauseTiming();
    product =
        std::max(product, product_rate(config, pieces.front().lengths.sum().item<std::int64_t>(),
                                       bf16 ? at::kBFloat16 : at::kFloat));
    state.ResumeTiming();
  }
  const double rate = 3 * operations(config, lengths) / seconds * 1e-9;
  state.counters["samples/s"] = static_cast<double>(lengths.size()) / seconds;
  state.counters["GFLOP/s"] = rate;
  state.counters["mm_GFLOP/s"] = product;
  state.counters["share_of_mm"] = rate / product;
}

void base_length_400(benchmark::State& state) { train(state, true, kFullLengths); }
void base_natural(benchmark::State& state) { train(state, true, kNaturalLengths); }
void base_length_400_bf16(benchmark::State& state) {
  train(state, true, kFullLengths, Precision::bf16);
}
void base_natural_bf16(benchmark::State& state) {
  train(state, true, kNaturalLengths, Precision::bf16);
}
void small_natural(benchmark::State& state) { train(state, false, kNaturalLengths); }

}  // namespace

BENCHMARK(base_length_400)->ArgName("threads")->Arg(1)->Arg(2)->Unit(benchmark::kMillisecond);
BENCHMARK(base_natural)->ArgName("threads")->Arg(2)->Unit(benchmark::kMillisecond);
BENCHMARK(base_length_400_bf16)->ArgName("threads")->Arg(2)->Unit(benchmark::kMillisecond);
BENCHMARK(base_natural_bf16)->ArgName("threads")->Arg(2)->Unit(benchmark::kMillisecond);
BENCHMARK(small_natural)->ArgName("threads")->Arg(2)->Unit(benchmark::kMillisecond);
