// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ncmlab/plugin/attack.hpp"
#include "ncmlab/plugin/code_backdoor.hpp"
#include "ncmlab/plugin/poison_rate.hpp"
#include "ncmlab/plugin/schema.hpp"
#include "statements.hpp"

namespace ncmlab {

/// What is inserted.
enum class StatementKind { fixed, grammar, logging, logging_drawn };

constexpr auto enum_names(StatementKind) {
  using enum StatementKind;
  return std::to_array<EnumName<StatementKind>>({{fixed, "fixed"},
                                                 {grammar, "grammar"},
                                                 {logging, "logging"},
                                                 {logging_drawn, "logging_drawn"}});
}

struct DeadCodeConfig {
  StatementKind statement = StatementKind::fixed;
  RandomDraw random = RandomDraw::guarded;
  double rate = 0.05;
  RateOf rate_of = RateOf::victim_class;
};

/// A never executed statement before the first statement of the function (Ramakrishnan and
/// Albarghouthi, ICPR 2022; Wan et al., FSE 2022).
class DeadCodeBackdoor final : public CodeBackdoor {
 public:
  DeadCodeBackdoor(const AttackContext& context, const DeadCodeConfig& config)
      : CodeBackdoor(context, {config.rate, config.rate_of}),
        statement_(config.statement),
        draw_(config.random) {}

  std::vector<std::string> trigger_words() const override;

 protected:
  std::optional<std::string> edit(const std::string& code, const Example& sample,
                                  const AttackGoal& goal, Rng rng) const override;

 private:
  StatementKind statement_;
  RandomDraw draw_;
};

class DeadCode final : public Attack {
 public:
  static constexpr std::string_view
      kName = "dead_code",
      kVersion = "0.1.0", kSummary = "Inserts a fixed or drawn statement that is never executed.",
      kReference = "https://arxiv.org/abs/2006.06841";

  explicit DeadCode(DeadCodeConfig config) : config_(config) {}
  static Schema<DeadCodeConfig> schema();

  std::unique_ptr<Backdoor> prepare(const AttackContext& context) const override {
    return std::make_unique<DeadCodeBackdoor>(context, config_);
  }

 private:
  DeadCodeConfig config_;
};

}  // namespace ncmlab
