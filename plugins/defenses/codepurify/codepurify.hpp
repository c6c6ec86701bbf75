// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ncmlab/code/units.hpp"
#include "ncmlab/core/enum_names.hpp"
#include "ncmlab/language/masked_model.hpp"
#include "ncmlab/model/code_model.hpp"
#include "ncmlab/plugin/flag_rule.hpp"
#include "ncmlab/plugin/input_defense.hpp"
#include "ncmlab/plugin/schema.hpp"

namespace ncmlab {

/// What takes the place of a unit that is taken for the trigger.
enum class Refill {
  unknown,  ///< the unknown token
  mask,     ///< what a masked language model expects there
};

constexpr auto enum_names(Refill) {
  return std::to_array<EnumName<Refill>>({{Refill::unknown, "unknown"}, {Refill::mask, "mask"}});
}

struct CodepurifyConfig : FlagRuleSettings {
  std::vector<UnitKind> units = {UnitKind::identifier, UnitKind::function_name,
                                 UnitKind::statement};
  double largest_entropy = 0.1;
  Refill refill = Refill::unknown;
  std::int64_t name_masks = 3;
};

/// The entropy, in nats, of the units' shares in the sum of their influences, none below 0. Nothing
/// where no unit has any.
std::optional<double> influence_entropy(const std::vector<double>& influences);

/// `source`, part number `part` of a sample, with what `masked` expects in the place of the unit.
/// A name is `name_masks` tokens of the model's, as many at each place of which the first counts;
/// of anything else the words that are no keywords are refilled, a token each. As it was where
/// there is none.
std::string refilled(const std::string& source, Language language, const CodeUnit& unit,
                     std::size_t part, const CodeModel& victim, MaskedModel& masked,
                     std::int64_t name_masks);

/// CodePurify (Mu et al., 2024).
class Codepurify final : public InputDefense {
 public:
  static constexpr std::string_view
      kName = "codepurify",
      kVersion = "0.1.0",
      kSummary = "Replaces the one name or statement that has nearly all influence on the answer.",
      kReference = "https://arxiv.org/abs/2410.20136";

  explicit Codepurify(CodepurifyConfig config) : config_(std::move(config)) {}
  static Schema<CodepurifyConfig> schema();

  DefenseNeeds needs() const override {
    return {.clean_samples = true, .masked_model = config_.refill == Refill::mask};
  }
  double false_rejection_rate() const override { return config_.false_rejection_rate; }
  std::optional<double> threshold() const override {
    return config_.threshold(-config_.largest_entropy);
  }
  std::unique_ptr<InputFilter> fit(DefenseContext& context) const override;

 private:
  CodepurifyConfig config_;
};

}  // namespace ncmlab
