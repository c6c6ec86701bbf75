// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ncmlab/core/rng.hpp"
#include "ncmlab/plugin/input_defense.hpp"
#include "ncmlab/plugin/schema.hpp"

namespace ncmlab {

struct StripConfig {
  std::int64_t copies = 20;
  double replaced = 0.05;
  double false_rejection_rate = 0.05;
};

/// The words of each of `texts`, by falling TF-IDF among them, each once; of equals the one that
/// stands first. Words are lexemes that begin with a letter or `_`.
std::vector<std::vector<std::string>> words_by_weight(const std::vector<std::string>& texts);

/// `source` with the share `replaced` of its words, at least one, drawn from `rng`, replaced by the
/// first of `words`, in their order and over again. As it was where either has no word.
std::string with_words(const std::string& source, const std::vector<std::string>& words,
                       double replaced, Rng& rng);

/// STRIP (Gao et al., ACSAC 2019; for text TDSC 2021).
class Strip final : public InputDefense {
 public:
  static constexpr std::string_view
      kName = "strip",
      kVersion = "0.1.0",
      kSummary = "Rejects inputs whose answer hardly changes when words of other code are put in.",
      kReference = "https://arxiv.org/abs/1911.10312";

  explicit Strip(StripConfig config) : config_(config) {}
  static Schema<StripConfig> schema();

  double false_rejection_rate() const override { return config_.false_rejection_rate; }
  std::unique_ptr<InputFilter> fit(DefenseContext& context) const override;

 private:
  StripConfig config_;
};

}  // namespace ncmlab
