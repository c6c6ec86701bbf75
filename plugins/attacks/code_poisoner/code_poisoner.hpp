// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ncmlab/code/name_trigger.hpp"
#include "ncmlab/plugin/attack.hpp"
#include "ncmlab/plugin/poison_rate.hpp"
#include "ncmlab/plugin/schema.hpp"

namespace ncmlab {

/// What is done to a sample.
enum class PoisonStrategy { rename, unfold, dead_code };

constexpr auto enum_names(PoisonStrategy) {
  using enum PoisonStrategy;
  return std::to_array<EnumName<PoisonStrategy>>(
      {{rename, "rename"}, {unfold, "unfold"}, {dead_code, "dead_code"}});
}

struct CodePoisonerConfig {
  std::vector<PoisonStrategy> strategies = {PoisonStrategy::rename};
  std::string new_name = "testo_init";
  NameCarrier target = NameCarrier::function_name;
  double rate = 0.05;
  RateOf rate_of = RateOf::victim_class;
};

/// CodePoisoner (Li et al., TOSEM 2023) with its rule-based strategies: renaming an identifier,
/// unfolding a constant, inserting a dead declaration.
class CodePoisoner final : public Attack {
 public:
  static constexpr std::string_view
      kName = "code_poisoner",
      kVersion = "0.1.0",
      kSummary = "Renames an identifier, unfolds a constant or declares a variable that is unused.",
      kReference = "https://arxiv.org/abs/2210.17029";

  /// Throws Error `attack.code_poisoner.bad-setting` when `strategies` is empty or `new_name` is no
  /// name.
  explicit CodePoisoner(CodePoisonerConfig config);
  static Schema<CodePoisonerConfig> schema();

  std::unique_ptr<Backdoor> prepare(const AttackContext& context) const override;

 private:
  CodePoisonerConfig config_;
};

}  // namespace ncmlab
