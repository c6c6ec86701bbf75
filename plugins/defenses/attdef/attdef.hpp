// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "ncmlab/core/enum_names.hpp"
#include "ncmlab/model/code_model.hpp"
#include "ncmlab/plugin/attributions.hpp"
#include "ncmlab/plugin/input_defense.hpp"
#include "ncmlab/plugin/schema.hpp"

namespace ncmlab {

/// What tells inputs that may be poisoned from the others.
enum class Discriminator {
  ngram,   ///< an n-gram model's surprise at a token
  masked,  ///< a masked language model's
  none,    ///< nothing: every input may be
};

constexpr auto enum_names(Discriminator) {
  using enum Discriminator;
  return std::to_array<EnumName<Discriminator>>(
      {{ngram, "ngram"}, {masked, "masked"}, {none, "none"}});
}

struct AttdefConfig {
  Discriminator discriminator = Discriminator::ngram;
  std::int64_t steps = 50;
  BaselineEmbedding baseline = BaselineEmbedding::padding;
  double most_loss = 0.02;
  double false_rejection_rate = 0.05;
};

/// For each part of a sample the tokens of its text, ascending, whose attribution exceeds
/// `threshold`, where that of the sample's least token is 0 and that of its greatest 1. None where
/// all are the same.
std::vector<std::vector<std::size_t>> deciding_tokens(const TokenAttributions& attributions,
                                                      const InputRules& rules, double threshold);

/// AttDef (Li et al., Findings of ACL 2023).
class Attdef final : public InputDefense {
 public:
  static constexpr std::string_view
      kName = "attdef",
      kVersion = "0.1.0", kSummary = "Masks the tokens of odd inputs that the answer is owed to.",
      kReference = "https://doi.org/10.18653/v1/2023.findings-acl.561";

  explicit Attdef(AttdefConfig config) : config_(config) {}
  static Schema<AttdefConfig> schema();

  DefenseNeeds needs() const override {
    return {.clean_samples = true,
            .ngram_model = config_.discriminator == Discriminator::ngram,
            .masked_model = config_.discriminator == Discriminator::masked};
  }
  double false_rejection_rate() const override { return config_.false_rejection_rate; }
  std::optional<double> threshold() const override;
  std::unique_ptr<InputFilter> fit(DefenseContext& context) const override;

 private:
  AttdefConfig config_;
};

}  // namespace ncmlab
