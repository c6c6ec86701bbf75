// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ncmlab/code/syntax.hpp"
#include "ncmlab/core/enum_names.hpp"
#include "ncmlab/language/masked_model.hpp"
#include "ncmlab/model/code_model.hpp"
#include "ncmlab/plugin/flag_rule.hpp"
#include "ncmlab/plugin/input_defense.hpp"
#include "ncmlab/plugin/schema.hpp"

namespace ncmlab {

/// What tells how likely code is.
enum class LanguageKind { ngram, masked };

constexpr auto enum_names(LanguageKind) {
  return std::to_array<EnumName<LanguageKind>>(
      {{LanguageKind::ngram, "ngram"}, {LanguageKind::masked, "masked"}});
}

struct OnionConfig : FlagRuleSettings {
  LanguageKind language = LanguageKind::ngram;
};

/// A text's perplexity without its tokens [begin, end); with all of them where these are equal.
using PerplexityWithout = std::function<double(std::size_t begin, std::size_t end)>;

/// Of a masked model that gives the text's tokens these log-probabilities (natural), each masked
/// alone: the others' are taken to stay as they are when some are left out.
PerplexityWithout pseudo_perplexity(std::vector<double> logs);

/// A word of a function and how odd it is.
struct OddWord {
  ByteRange range;       ///< of the source
  double suspicion = 0;  ///< by how much the perplexity falls without it
};
/// Every word, a lexeme that is neither white space nor a single punctuation character, of which
/// the tokens of `row` (see CodeModel::tokenize_with_ranges()) hold something.
std::vector<OddWord> odd_words(const std::string& source, const TokenRow& row,
                               const InputRules& rules, const PerplexityWithout& perplexity);

/// ONION (Qi et al., EMNLP 2021).
class Onion final : public InputDefense {
 public:
  static constexpr std::string_view
      kName = "onion",
      kVersion = "0.1.0", kSummary = "Takes out the words without which code becomes more likely.",
      kReference = "https://arxiv.org/abs/2011.10369";

  explicit Onion(OnionConfig config) : config_(config) {}
  static Schema<OnionConfig> schema();

  DefenseNeeds needs() const override {
    return {.clean_samples = true,
            .ngram_model = config_.language == LanguageKind::ngram,
            .masked_model = config_.language == LanguageKind::masked};
  }
  double false_rejection_rate() const override { return config_.false_rejection_rate; }
  std::optional<double> threshold() const override { return config_.threshold(0); }
  std::unique_ptr<InputFilter> fit(DefenseContext& context) const override;

 private:
  OnionConfig config_;
};

}  // namespace ncmlab
