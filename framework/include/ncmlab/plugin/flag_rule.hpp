// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <concepts>
#include <optional>
#include <utility>

#include "ncmlab/core/enum_names.hpp"
#include "ncmlab/plugin/schema.hpp"

namespace ncmlab {

/// By which threshold a filter flags inputs.
enum class FlagRule {
  false_rejections,  ///< one that all but a share of the clean samples stay below
  published,         ///< the paper's
};

constexpr auto enum_names(FlagRule) {
  return std::to_array<EnumName<FlagRule>>({{FlagRule::false_rejections, "false_rejections"},
                                            {FlagRule::published, "published"}});
}

/// The settings of an input defense whose paper has a threshold. Its config struct derives from it
/// and adds flag_rule_fields() to its schema.
struct FlagRuleSettings {
  FlagRule rule = FlagRule::false_rejections;
  double false_rejection_rate = 0.05;

  /// For InputDefense::threshold().
  std::optional<double> threshold(double published) const {
    return rule == FlagRule::published ? std::optional(published) : std::nullopt;
  }
};

template <std::derived_from<FlagRuleSettings> Config>
Schema<Config> flag_rule_fields(Schema<Config> schema) {
  return std::move(schema)
      .field("rule", &Config::rule,
             "What is flagged: what exceeds the clean samples, or the paper's threshold.")
      .field("false_rejection_rate", &Config::false_rejection_rate,
             "Share of the clean samples that may be flagged.", range(0.0, 1.0),
             only_where("rule", "false_rejections"));
}

}  // namespace ncmlab
