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

/// BadCode (Sun et al., ACL 2023) for classification: an identifier is extended with a trigger
/// word, or replaced by it, and the sample is given the target label.
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

  PoisonedSet poison(const std::vector<Example>& train, const AttackGoal& goal,
                     Rng rng) const override;
  std::optional<Example> trigger(const Example& example, Rng rng) const override;
  std::vector<std::string> trigger_words() const override { return config_.triggers; }

 private:
  BadCodeConfig config_;
};

}  // namespace ncmlab
