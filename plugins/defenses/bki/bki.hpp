// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ncmlab/plugin/data_defense.hpp"
#include "ncmlab/plugin/schema.hpp"

namespace ncmlab {

struct BkiConfig {
  std::int64_t words = 5;
};

/// A word at one place of a sample and what it does.
struct WordImpact {
  std::string word;
  double change = 0;  ///< the largest change of a number of the sentence vectors without it
};
/// The `count` words of a sample with the highest change, of equals the first; fewer where it has
/// fewer.
std::vector<WordImpact> key_words(CodeModel& victim, const TaskView& task, const Example& sample,
                                  std::int64_t count, Progress& progress);

/// A word that is among the key words of some samples.
struct Keyword {
  std::string word;
  std::int64_t count = 0;    ///< places where it is one
  double mean_change = 0;    ///< over them
  double suspicion() const;  ///< mean_change * log10(count)
};
/// The words among `key_words` of each sample, the most suspicious first, of equals by the
/// alphabet.
std::vector<Keyword> ranked_keywords(const std::vector<std::vector<WordImpact>>& key_words);

/// Backdoor Keyword Identification (Chen and Dai, 2021).
class Bki final : public DataDefense {
 public:
  static constexpr std::string_view
      kName = "bki",
      kVersion = "0.1.0",
      kSummary = "Removes the samples of the word that decides the sentence vectors of many.",
      kReference = "https://arxiv.org/abs/2007.12070";

  explicit Bki(BkiConfig config) : config_(config) {}
  static Schema<BkiConfig> schema();

  Suspicion inspect(DefenseContext& context) const override;

 private:
  BkiConfig config_;
};

}  // namespace ncmlab
