// SPDX-License-Identifier: Apache-2.0
// The sizes and lengths that the encoder and training benches run, the operations that they count
// and the rate of matrix products that they are compared with.
#pragma once

#include <benchmark/benchmark.h>
#include <torch/types.h>

#include <algorithm>
#include <chrono>
#include <vector>

#include "ncmlab/core/rng.hpp"
#include "ncmlab/networks/roberta.hpp"

namespace ncmlab::bench {

/// CodeBERT-base or the distilled 3 MB models.
inline RobertaConfig config_of(bool base) {
  if (base) {
    return {};
  }
  return {.vocab_size = 1000,
          .hidden_size = 96,
          .num_hidden_layers = 12,
          .num_attention_heads = 8,
          .intermediate_size = 64};
}

/// Token counts of eight Devign functions at the deciles of min(length, 400): mean 258, two fifths
/// of them at the cap.
inline const std::vector<std::int64_t> kNaturalLengths = {62, 104, 158, 226, 317, 400, 400, 400};
inline const std::vector<std::int64_t> kFullLengths(8, 400);

inline Batch batch_of(const RobertaConfig& config, const std::vector<std::int64_t>& lengths) {
  Rng rng(2);
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
  return make_batch(pointers, config.pad_token_id);
}

/// Floating-point operations of a forward pass with [CLS] pooling: products with weights and
/// attention. A backward pass takes twice as many.
inline double operations(const RobertaConfig& config, const std::vector<std::int64_t>& lengths) {
  const auto hidden = static_cast<double>(config.hidden_size);
  const auto wide = static_cast<double>(config.intermediate_size);
  const auto layers = static_cast<double>(config.num_hidden_layers);
  double sum = 0;
  for (const auto tokens : lengths) {
    const auto length = static_cast<double>(tokens);
    const double dense = 2 * length * hidden * (4 * hidden + 2 * wide);
    const double attention = 4 * length * length * hidden;
    // The last layer needs keys and values of every token, everything else of one.
    const double last = 2 * length * hidden * 2 * hidden + 4 * length * hidden +
                        2 * hidden * (2 * hidden + 2 * wide);
    sum += (layers - 1) * (dense + attention) + last;
  }
  return sum;
}

inline double seconds_since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

/// GFLOP/s of at::mm at the model's two shapes with `tokens` rows in a number format, the best of
/// several runs.
inline double product_rate(const RobertaConfig& config, std::int64_t tokens,
                           at::ScalarType format = at::kFloat) {
  const at::NoGradGuard no_grad;
  double seconds = 0;
  double done = 0;
  for (const std::int64_t width : {config.hidden_size, config.intermediate_size}) {
    const at::Tensor a = torch::randn({tokens, config.hidden_size}).to(format);
    const at::Tensor b = torch::randn({config.hidden_size, width}).to(format);
    double best = 1e9;
    for (int i = 0; i < 5; ++i) {
      const auto begin = std::chrono::steady_clock::now();
      benchmark::DoNotOptimize(at::mm(a, b));
      best = std::min(best, seconds_since(begin));
    }
    seconds += best;
    done += 2.0 * static_cast<double>(tokens * config.hidden_size * width);
  }
  return done / seconds * 1e-9;
}

}  // namespace ncmlab::bench
