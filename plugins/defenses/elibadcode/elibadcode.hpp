// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "inversion.hpp"
#include "ncmlab/plugin/defense.hpp"
#include "ncmlab/plugin/schema.hpp"

namespace ncmlab {

struct EliBadCodeConfig {
  std::int64_t samples = 30;
  std::int64_t held_out = 100;
  std::string vocabulary = "continuation";
  bool function_name = true;
  bool consistent = false;
  std::int64_t trigger_length = 5;
  std::int64_t epochs = 100;
  std::int64_t top_k = 64;
  std::int64_t candidates = 64;
  std::int64_t restarts = 1;
  double stop_loss = 0.0;
  std::string scoring = "fast";
  double beta = 0.15;
  std::string direction = "persistence";
  double verdict_persistence = 0.85;
  bool unlearn_always = false;
  double unlearn_share = 0.2;
  std::string unlearn_labels = "victim";
  std::int64_t unlearn_triggers = 1;
  std::int64_t rounds = 1;
  std::string unlearn_edit = "replace";
  bool keep_originals = false;
  std::int64_t unlearn_epochs = 1;
  double unlearn_learning_rate = 5e-3;
  std::int64_t unlearn_batch_size = 32;
  std::string scope = "head";
};

/// EliBadCode (Sun et al., FSE 2025). The stages, in the order in which they run:
/// vocabulary_filter, trigger_position, greedy_coordinate_gradient, anchoring (these three per
/// direction, in inversion), the verdict here, unlearning.
class EliBadCode final : public Defense {
 public:
  static constexpr std::string_view
      kName = "elibadcode",
      kVersion = "0.1.0",
      kSummary = "Inverts the trigger by greedy coordinate gradient and unlearns it.",
      kReference = "https://arxiv.org/abs/2408.04683";

  explicit EliBadCode(EliBadCodeConfig config) : config_(std::move(config)) {}
  static Schema<EliBadCodeConfig> schema();

  DefenseNeeds needs() const override { return {.clean_samples = true}; }
  /// Throws Error `defense.no-clean-samples` when there are none and
  /// `defense.elibadcode.no-vocabulary` when the filter leaves no token.
  DefenseOutcome defend(DefenseContext& context) const override;

 private:
  elibadcode::InversionOptions inversion_options() const;
  std::vector<std::int64_t> vocabulary(const DefenseContext& context) const;
  /// Stages 1 to 4 for every ordered pair of labels that has clean samples, best direction first.
  /// Adds what they cost to the figures of `outcome`.
  std::vector<elibadcode::Inversion> invert_all(DefenseContext& context, const Rng& rng,
                                                DefenseOutcome& outcome) const;
  /// Stage 5. Trains the victim on the clean samples with `triggers` in some of them.
  void unlearn(DefenseContext& context, std::int64_t victim_label,
               const std::vector<TriggerIds>& triggers, const Rng& rng,
               DefenseOutcome& outcome) const;
  /// Stage 5, and again with what a new inversion in all directions finds, for `rounds` or
  /// until that does not reach the verdict's threshold.
  void unlearn_in_rounds(DefenseContext& context, const elibadcode::Inversion& first,
                         DefenseOutcome& outcome) const;

  EliBadCodeConfig config_;
};

}  // namespace ncmlab
