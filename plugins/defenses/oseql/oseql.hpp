// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "ncmlab/code/units.hpp"
#include "ncmlab/plugin/flag_rule.hpp"
#include "ncmlab/plugin/input_defense.hpp"
#include "ncmlab/plugin/schema.hpp"

namespace ncmlab {

struct OseqlConfig : FlagRuleSettings {
  std::vector<UnitKind> units = {UnitKind::line};
  double fence = 1.5;
};

/// What an input's answer does without one of its units.
struct WithoutUnit {
  double change = 0;      ///< by how much the probability of the answer falls
  bool is_other = false;  ///< whether the answer is another
};
/// The unit that decides the answer: of those whose change lies above the upper quartile by more
/// than `fence` times the distance of the quartiles and without which the answer is another, that
/// of the largest change. Quartiles are interpolated.
std::optional<std::size_t> deciding_unit(const std::vector<WithoutUnit>& units, double fence);

/// OSeql (Hussain et al., 2023).
class Oseql final : public InputDefense {
 public:
  static constexpr std::string_view
      kName = "oseql",
      kVersion = "0.1.0",
      kSummary = "Takes out the one line without which the answer changes as for no other.",
      kReference = "https://arxiv.org/abs/2312.04004";

  explicit Oseql(OseqlConfig config) : config_(std::move(config)) {}
  static Schema<OseqlConfig> schema();

  double false_rejection_rate() const override { return config_.false_rejection_rate; }
  std::optional<double> threshold() const override { return config_.threshold(0); }
  std::unique_ptr<InputFilter> fit(DefenseContext& context) const override;

 private:
  OseqlConfig config_;
};

}  // namespace ncmlab
