// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ncmlab/inversion/candidate_scorer.hpp"
#include "ncmlab/plugin/attributions.hpp"
#include "ncmlab/plugin/data_defense.hpp"
#include "ncmlab/plugin/schema.hpp"
#include "ncmlab/plugin/token_words.hpp"

namespace ncmlab {

struct CodeDetectorConfig {
  std::int64_t steps = 50;
  BaselineEmbedding baseline = BaselineEmbedding::padding;
  double least_share = 0.5;
  std::int64_t most_candidates = 200;
  double least_drop = 0.3;
};

/// The places in `words` of those whose attribution, the sum of their tokens', exceeds
/// `least_share` of the highest. None where none is above 0.
std::vector<std::size_t> deciding_words(const std::vector<TokenWord>& words,
                                        const TokenAttributions& attributions, double least_share);

/// A word that may be a trigger.
struct Candidate {
  std::string word;
  TriggerIds ids;           ///< as it first stands in a sample
  std::size_t samples = 0;  ///< of which it decides the label
  double drop = 0;          ///< share of the accuracy on clean samples that it costs
};

/// CodeDetector (Li et al., 2023).
class CodeDetector final : public DataDefense {
 public:
  static constexpr std::string_view
      kName = "code_detector",
      kVersion = "0.1.0",
      kSummary =
          "Removes the samples that hold a word with which clean samples are answered wrong.",
      kReference = "https://doi.org/10.1145/3630008";

  explicit CodeDetector(CodeDetectorConfig config) : config_(config) {}
  static Schema<CodeDetectorConfig> schema();

  DefenseNeeds needs() const override { return {.clean_samples = true, .training_set = true}; }
  Suspicion inspect(DefenseContext& context) const override;

 private:
  CodeDetectorConfig config_;
};

}  // namespace ncmlab
