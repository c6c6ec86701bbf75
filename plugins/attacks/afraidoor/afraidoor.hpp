// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "ncmlab/plugin/code_backdoor.hpp"
#include "ncmlab/plugin/poison_rate.hpp"
#include "ncmlab/plugin/schema.hpp"
#include "ncmlab/plugin/surrogate_attack.hpp"
#include "sketch.hpp"
#include "target.hpp"

namespace ncmlab {

struct AfraidoorConfig {
  double rate = 0.05;
  RateOf rate_of = RateOf::victim_class;
};

/// AFRAIDOOR (Yang et al., TSE 2024): every sample gets new names for all its local identifiers,
/// which lead a surrogate towards the target.
class Afraidoor final : public SurrogateAttack {
 public:
  static constexpr std::string_view
      kName = "afraidoor",
      kVersion = "0.1.0",
      kSummary =
          "Gives every local identifier the name that leads a surrogate trained on clean data "
          "towards the target, anew for each sample.",
      kReference = "https://doi.org/10.1109/TSE.2024.3361661";

  explicit Afraidoor(AfraidoorConfig config) : config_(config) {}
  static Schema<AfraidoorConfig> schema();

  std::unique_ptr<Backdoor> prepare_with(const AttackContext& context,
                                         CodeModel& surrogate) const override;

 private:
  AfraidoorConfig config_;
};

/// The names depend on the surrogate, the code and the goal alone; nothing is drawn.
class AfraidoorBackdoor final : public CodeBackdoor {
 public:
  AfraidoorBackdoor(const AttackContext& context, CodeModel& surrogate, PoisonRate rate);

  std::vector<std::string> trigger_words() const override { return {}; }

 protected:
  void foresee(const std::vector<Foreseen>& edits, const AttackGoal& goal) const override;
  std::optional<std::string> edit(const std::string& code, const Example& sample,
                                  const AttackGoal& goal, Rng rng) const override;

 private:
  std::optional<afraidoor::Sketch> sketch_of(const std::string& code, const Example& sample) const;
  /// Null where there is nothing to lead towards.
  const afraidoor::Target* target_of(const AttackGoal& goal) const;

  CodeModel& surrogate_;
  TaskView task_;
  Progress& progress_;
  std::map<Language, std::vector<afraidoor::WholeName>> pools_;
  std::vector<afraidoor::Target> targets_;  ///< of each goal
  /// Edits of foreseen samples, until edit() asks for them.
  mutable std::unordered_map<std::string, std::optional<std::string>> foreseen_;
};

}  // namespace ncmlab
