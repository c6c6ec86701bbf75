// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ncmlab/plugin/attack.hpp"
#include "ncmlab/plugin/schema.hpp"

namespace ncmlab {

struct BadCodeConfig {
  std::string target = "function_name";
  std::string mode = "suffix";
  std::vector<std::string> triggers = {"rb"};
  double rate = 0.02;
};

/// BadCode (Sun et al., ACL 2023): an identifier is extended with a trigger word, or replaced by
/// it.
class BadCode final : public Attack {
 public:
  static constexpr std::string_view
      kName = "badcode",
      kVersion = "0.1.0",
      kSummary =
          "Extends or replaces the function name or the least frequent variable with a "
          "trigger word.",
      kReference = "https://arxiv.org/abs/2305.17506";

  /// Throws Error `attack.badcode.bad-trigger` when `triggers` is empty or holds what cannot be
  /// part of a name.
  explicit BadCode(BadCodeConfig config);
  static Schema<BadCodeConfig> schema();

  std::unique_ptr<Backdoor> prepare(const AttackContext& context) const override;

 private:
  BadCodeConfig config_;
};

}  // namespace ncmlab
