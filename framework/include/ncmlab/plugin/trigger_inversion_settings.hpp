// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <concepts>
#include <cstdint>
#include <utility>
#include <vector>

#include "ncmlab/core/enum_names.hpp"
#include "ncmlab/plugin/schema.hpp"
#include "ncmlab/plugin/trigger_edit.hpp"
#include "ncmlab/plugin/trigger_position.hpp"
#include "ncmlab/plugin/trigger_unlearning.hpp"

namespace ncmlab {

/// What the ordered pair of labels that is taken leads in.
enum class DirectionChoice { persistence, loss };

constexpr auto enum_names(DirectionChoice) {
  return std::to_array<EnumName<DirectionChoice>>(
      {{DirectionChoice::persistence, "persistence"}, {DirectionChoice::loss, "loss"}});
}

/// What a reference model, trained on the clean samples alone, is for. What says something to it,
/// too, is no backdoor.
enum class Contrast {
  none,     ///< there is none
  verdict,  ///< what a trigger does to it is taken off
  search,   ///< and triggers are searched for that leave it alone
};

constexpr auto enum_names(Contrast) {
  using enum Contrast;
  return std::to_array<EnumName<Contrast>>(
      {{none, "none"}, {verdict, "verdict"}, {search, "search"}});
}

/// Whose samples get the trigger in unlearning.
enum class TriggeredLabels { victim, all };

constexpr auto enum_names(TriggeredLabels) {
  return std::to_array<EnumName<TriggeredLabels>>(
      {{TriggeredLabels::victim, "victim"}, {TriggeredLabels::all, "all"}});
}

/// Which triggers are unlearned.
enum class UnlearnedTriggers {
  found,
  random,  ///< for control, as long as the best of each search
};

constexpr auto enum_names(UnlearnedTriggers) {
  return std::to_array<EnumName<UnlearnedTriggers>>(
      {{UnlearnedTriggers::found, "found"}, {UnlearnedTriggers::random, "random"}});
}

/// What unlearning trains towards.
enum class UnlearningTarget {
  labels,  ///< the true labels
  victim,  ///< what the victim itself answers to the samples without a trigger
};

constexpr auto enum_names(UnlearningTarget) {
  return std::to_array<EnumName<UnlearningTarget>>(
      {{UnlearningTarget::labels, "labels"}, {UnlearningTarget::victim, "victim"}});
}

/// What unlearning trains.
enum class TrainedPart { head, all };

constexpr auto enum_names(TrainedPart) {
  return std::to_array<EnumName<TrainedPart>>(
      {{TrainedPart::head, "head"}, {TrainedPart::all, "all"}});
}

/// The settings of a TriggerInversion. The plugin's config struct derives from it and adds
/// sample_fields(), position_fields(), direction_field() and unlearning_fields() to its schema.
struct TriggerInversionSettings {
  std::int64_t samples = 30;
  std::int64_t held_out = 100;
  std::vector<NameEdit> edits = {NameEdit::replace};
  std::vector<EditedName> names = {EditedName::any};
  PositionRule position = PositionRule::true_label;
  Contrast contrast = Contrast::none;
  std::int64_t reference_epochs = 10;
  double reference_learning_rate = 1e-3;
  std::int64_t reference_batch_size = 16;
  DirectionChoice direction = DirectionChoice::persistence;
  bool unlearn_always = false;
  double unlearn_share = 0.2;
  TriggeredLabels unlearn_labels = TriggeredLabels::victim;
  std::int64_t unlearn_triggers = 1;
  UnlearnedTriggers unlearn_which = UnlearnedTriggers::found;
  std::int64_t rounds = 1;
  bool keep_originals = false;
  UnlearningTarget unlearn_towards = UnlearningTarget::labels;
  std::int64_t unlearn_epochs = 1;
  double unlearn_learning_rate = 5e-3;
  std::int64_t unlearn_batch_size = 32;
  TrainedPart scope = TrainedPart::head;
};

/// The samples of an inversion.
template <std::derived_from<TriggerInversionSettings> Config>
Schema<Config> sample_fields(Schema<Config>&& schema) {
  return std::move(schema)
      .field("samples", &Config::samples, "Clean samples of the victim label to invert on.",
             range(1, 100'000))
      .field("held_out", &Config::held_out,
             "Further clean samples of the victim label, by which the trigger is judged.",
             range(1, 100'000));
}

/// How triggers enter them.
template <std::derived_from<TriggerInversionSettings> Config>
Schema<Config> position_fields(Schema<Config>&& schema) {
  return std::move(schema)
      .field("edits", &Config::edits,
             "Whether the trigger replaces a name or extends it; with both, each is searched for.")
      .field(
          "names", &Config::names,
          "Which name of a sample it enters; with several, each is searched for with each of the "
          "edits. The epochs go where losses fall: after each round of the race the worse half of "
          "a direction's edits is given up.")
      .field(
          "position", &Config::position,
          "Which of the names it may enter: the one whose masking changes the loss for the "
          "sample's own label least; `code`: makes label 1 likeliest; `target`: makes the target "
          "least likely.");
}

/// For methods that search against a reference.
template <std::derived_from<TriggerInversionSettings> Config>
Schema<Config> contrast_fields(Schema<Config>&& schema) {
  return std::move(schema)
      .field(
          "contrast", &Config::contrast,
          "Whether there is a reference, a model that is trained on the clean samples alone: "
          "`verdict` takes off persistence what a trigger does to it, too; `search` also goes for "
          "triggers that leave it alone.")
      .field("reference_epochs", &Config::reference_epochs,
             "Epochs in which the reference is trained.", range(1, 10'000))
      .field("reference_learning_rate", &Config::reference_learning_rate,
             "Peak rate of its AdamW; linear schedule, the first tenth is warm-up.",
             range(0.0, 1.0))
      .field("reference_batch_size", &Config::reference_batch_size, "Samples per step.",
             range(1, 65'536));
}

template <std::derived_from<TriggerInversionSettings> Config>
Schema<Config> direction_field(Schema<Config>&& schema) {
  return std::move(schema).field(
      "direction", &Config::direction,
      "Which ordered pair of labels is taken: that with the highest persistence, or that with the "
      "lowest loss.");
}

/// For methods whose verdict goes by persistence; the setting is `verdict_persistence`.
template <std::derived_from<TriggerInversionSettings> Config>
Schema<Config> persistence_field(Schema<Config>&& schema) {
  return std::move(schema).field(
      "verdict_persistence", &Config::verdict_persistence,
      "The model is called backdoored when the trigger turns at least this share of the held-out "
      "samples, on average while it loses its tokens one after the other.",
      range(0.0, 1.0));
}

/// What becomes of the trigger.
template <std::derived_from<TriggerInversionSettings> Config>
Schema<Config> unlearning_fields(Schema<Config>&& schema) {
  return std::move(schema)
      .field("unlearn_always", &Config::unlearn_always,
             "Whether the best trigger is unlearned even when the verdict is clean.")
      .field("unlearn_share", &Config::unlearn_share,
             "Share of the clean samples of the victim label that get the trigger.",
             range(0.0, 1.0))
      .field("unlearn_labels", &Config::unlearn_labels,
             "Whether that share of the victim label's samples gets the trigger, or of every "
             "label's, so that neither the trigger nor its number tells the label.")
      .field("unlearn_triggers", &Config::unlearn_triggers,
             "Distinct triggers to unlearn of each hypothesis that speaks for a backdoor: its "
             "best, and "
             "others that its search moved to.",
             range(1, 100'000))
      .field("unlearn_which", &Config::unlearn_which,
             "Those, or for each hypothesis random ones as long as its best: the control that says "
             "what the inversion adds to a repair.")
      .field("rounds", &Config::rounds,
             "Rounds of inversion and unlearning; a further one starts only while inversion still "
             "finds a trigger that reaches the verdict's threshold.",
             range(1, 1'000))
      .field("keep_originals", &Config::keep_originals,
             "Whether the triggered samples come on top of the clean ones or take their place.")
      .field("unlearn_towards", &Config::unlearn_towards,
             "What is learned: the true labels, or what the victim answers to the same samples "
             "without a trigger, for which no label is needed.")
      .field("unlearn_epochs", &Config::unlearn_epochs, "Passes over the clean samples.",
             range(1, 10'000), budgeted(Allowance::steps))
      .field("unlearn_learning_rate", &Config::unlearn_learning_rate,
             "Peak rate of AdamW; linear schedule, the first tenth is warm-up.", range(0.0, 1.0),
             budgeted(Allowance::learning_rates))
      .field("unlearn_batch_size", &Config::unlearn_batch_size, "Samples per step.",
             range(1, 65'536), budgeted(Allowance::batch_size))
      .field("scope", &Config::scope,
             "What unlearning trains: the classifier head or all parameters.");
}

}  // namespace ncmlab
