// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "inversion.hpp"
#include "ncmlab/core/enum_names.hpp"
#include "ncmlab/plugin/defense.hpp"
#include "ncmlab/plugin/schema.hpp"
#include "ncmlab/tokenize/name_vocabulary.hpp"
#include "unlearning.hpp"

namespace ncmlab {
namespace elibadcode {

/// How candidates are evaluated.
enum class Scoring { fast, reference };

constexpr auto enum_names(Scoring) {
  return std::to_array<EnumName<Scoring>>(
      {{Scoring::fast, "fast"}, {Scoring::reference, "reference"}});
}

/// What the ordered pair of labels that is taken leads in.
enum class DirectionChoice { persistence, loss };

constexpr auto enum_names(DirectionChoice) {
  return std::to_array<EnumName<DirectionChoice>>(
      {{DirectionChoice::persistence, "persistence"}, {DirectionChoice::loss, "loss"}});
}

/// Whose samples get the trigger in unlearning.
enum class TriggeredLabels { victim, all };

constexpr auto enum_names(TriggeredLabels) {
  return std::to_array<EnumName<TriggeredLabels>>(
      {{TriggeredLabels::victim, "victim"}, {TriggeredLabels::all, "all"}});
}

/// What unlearning trains.
enum class TrainedPart { head, all };

constexpr auto enum_names(TrainedPart) {
  return std::to_array<EnumName<TrainedPart>>(
      {{TrainedPart::head, "head"}, {TrainedPart::all, "all"}});
}

}  // namespace elibadcode

struct EliBadCodeConfig {
  std::int64_t samples = 30;
  std::int64_t held_out = 100;
  NameUse vocabulary = NameUse::continues_name;
  bool function_name = true;
  bool consistent = false;
  std::int64_t trigger_length = 5;
  std::int64_t epochs = 100;
  std::int64_t top_k = 64;
  std::int64_t candidates = 64;
  std::int64_t restarts = 1;
  double stop_loss = 0.0;
  elibadcode::Scoring scoring = elibadcode::Scoring::fast;
  double beta = 0.15;
  elibadcode::DirectionChoice direction = elibadcode::DirectionChoice::persistence;
  double verdict_persistence = 0.85;
  bool unlearn_always = false;
  double unlearn_share = 0.2;
  elibadcode::TriggeredLabels unlearn_labels = elibadcode::TriggeredLabels::victim;
  std::int64_t unlearn_triggers = 1;
  std::int64_t rounds = 1;
  elibadcode::NameEdit unlearn_edit = elibadcode::NameEdit::replace;
  bool keep_originals = false;
  std::int64_t unlearn_epochs = 1;
  double unlearn_learning_rate = 5e-3;
  std::int64_t unlearn_batch_size = 32;
  elibadcode::TrainedPart scope = elibadcode::TrainedPart::head;
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

  explicit EliBadCode(EliBadCodeConfig config) : config_(config) {}
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
