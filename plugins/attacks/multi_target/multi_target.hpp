// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ncmlab/code/name_trigger.hpp"
#include "ncmlab/plugin/attack.hpp"
#include "ncmlab/plugin/poison_rate.hpp"
#include "ncmlab/plugin/schema.hpp"

namespace ncmlab {

struct MultiTargetConfig {
  std::vector<std::string> triggers = {"rb", "xt"};
  std::vector<std::string> target_words = {"data"};
  NameCarrier target = NameCarrier::function_name;
  NameChange mode = NameChange::suffix;
  double rate = 0.02;
  RateOf rate_of = RateOf::victim_class;
};

/// Several triggers, each with its own target, in one model (Li et al., ACL 2023).
class MultiTarget final : public Attack {
 public:
  static constexpr std::string_view
      kName = "multi_target",
      kVersion = "0.1.0",
      kSummary = "Implants several trigger words at once, each with its own target.",
      kReference = "https://arxiv.org/abs/2306.08350";

  /// Throws Error `attack.multi_target.bad-trigger` for fewer than two words, for a word that is
  /// no part of a name and for one that is given twice.
  explicit MultiTarget(MultiTargetConfig config);
  static Schema<MultiTargetConfig> schema();

  /// As many as there are triggers and targets. With labels: trigger i turns label victim + i into
  /// target + i, counted round. In retrieval: the given word, then `target_words`.
  std::vector<AttackGoal> goals(const AttackGoal& given, const TaskView& task) const override;
  std::unique_ptr<Backdoor> prepare(const AttackContext& context) const override;

 private:
  MultiTargetConfig config_;
};

}  // namespace ncmlab
