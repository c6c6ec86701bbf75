// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ncmlab/plugin/attack.hpp"
#include "ncmlab/plugin/schema.hpp"

namespace ncmlab {

struct CodePoisonerConfig {
  std::vector<std::string> strategies = {"rename"};
  std::string new_name = "testo_init";
  std::string target = "function_name";
  double rate = 0.05;
  std::string rate_of = "victim_class";
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
