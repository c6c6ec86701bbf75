// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ncmlab/code/name_trigger.hpp"
#include "ncmlab/plugin/attack.hpp"
#include "ncmlab/plugin/poison_rate.hpp"
#include "ncmlab/plugin/schema.hpp"

namespace ncmlab {

struct BadCodeConfig {
  NameCarrier target = NameCarrier::function_name;
  NameChange mode = NameChange::suffix;
  std::vector<std::string> triggers = {"rb"};
  std::int64_t selected = 1;
  double rate = 0.02;
  RateOf rate_of = RateOf::victim_class;
};

/// BadCode (Sun et al., ACL 2023): an identifier is extended with a trigger word, or replaced by
/// it. The words are given, or chosen by how they occur with the target.
class BadCode final : public Attack {
 public:
  static constexpr std::string_view
      kName = "badcode",
      kVersion = "0.2.0",
      kSummary =
          "Extends or replaces the function name or the least frequent variable with a "
          "trigger word.",
      kReference = "https://arxiv.org/abs/2305.17506";

  /// Throws Error `attack.badcode.bad-trigger` for a word that cannot be part of a name.
  explicit BadCode(BadCodeConfig config);
  static Schema<BadCodeConfig> schema();

  /// Throws Error `attack.badcode.no-trigger` when words are to be chosen and there are too few.
  std::unique_ptr<Backdoor> prepare(const AttackContext& context) const override;

 private:
  BadCodeConfig config_;
};

}  // namespace ncmlab
