// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/types.h>

#include <algorithm>
#include <vector>

#include "ncmlab/train/options.hpp"
#include "small_model.hpp"

namespace ncmlab::testing {

/// Samples whose label says whether they contain token 7.
inline std::vector<TokenSample> learnable_samples(const CodeModel& victim, std::size_t count,
                                                  Rng rng) {
  auto samples = random_samples(victim, count, 1, rng.stream("samples"));
  for (TokenSample& sample : samples) {
    auto& ids = sample.parts[0].ids;
    std::replace(ids.begin(), ids.end(), std::int64_t{7}, std::int64_t{8});
    sample.label = rng.between(0, 1);
    if (sample.label == 1) {
      ids[static_cast<std::size_t>(rng.between(1, static_cast<std::int64_t>(ids.size()) - 2))] = 7;
    }
  }
  return samples;
}

inline double accuracy(CodeModel& victim, const std::vector<TokenSample>& samples) {
  const at::Tensor predicted = victim.predict(samples).argmax(1);
  double hits = 0;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    hits += predicted[static_cast<std::int64_t>(i)].item<std::int64_t>() == samples[i].label;
  }
  return hits / static_cast<double>(samples.size());
}

inline TrainingOptions fast_options() {
  TrainingOptions options;
  options.epochs = 8;
  options.learning_rate = 2e-3;
  options.batch_size = 16;
  return options;
}

}  // namespace ncmlab::testing
