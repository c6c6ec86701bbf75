// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "ncmlab/plugin/data_defense.hpp"
#include "ncmlab/plugin/schema.hpp"

namespace ncmlab {

struct KillBadCodeConfig {
  std::int64_t triggers = 10;
  std::int64_t most_tokens = 600;
  bool confirm = true;
};

/// A token and what the texts gain without it.
using TokenGain = std::pair<std::int64_t, double>;
/// For each token that stands in `texts`, the sum over its places of by how much the entropy of the
/// text falls without it, where it falls: of the first `most_tokens` ids of each text, tokens of
/// letters and digits alone. The highest gain first, of equals the lower id.
std::vector<TokenGain> token_gains(const std::vector<std::vector<std::int64_t>>& texts,
                                   const NgramModel& language, const Tokenizer& tokenizer,
                                   std::int64_t most_tokens, Progress& progress);

/// KillBadCode (Sun et al., 2025).
class KillBadCode final : public DataDefense {
 public:
  static constexpr std::string_view
      kName = "killbadcode",
      kVersion = "0.1.0",
      kSummary = "Removes the samples that hold the tokens without which code is most natural.",
      kReference = "https://arxiv.org/abs/2502.15830";

  explicit KillBadCode(KillBadCodeConfig config) : config_(config) {}
  static Schema<KillBadCodeConfig> schema();

  DefenseNeeds needs() const override {
    return {.clean_samples = true, .training_set = true, .ngram_model = true};
  }
  bool supports(TaskKind /*kind*/) const override { return true; }
  Suspicion inspect(DefenseContext& context) const override;

 private:
  KillBadCodeConfig config_;
};

}  // namespace ncmlab
