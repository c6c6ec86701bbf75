// SPDX-License-Identifier: Apache-2.0
#include "elibadcode.hpp"

#include <algorithm>
#include <set>

#include "ncmlab/core/diagnostic.hpp"
#include "ncmlab/plugin/registration.hpp"
#include "ncmlab/plugin/repair_training.hpp"
#include "ncmlab/tokenize/name_vocabulary.hpp"
#include "unlearning.hpp"

namespace ncmlab {
namespace {

using elibadcode::Inversion;

/// Adds what one direction found under names such as `loss[1->0]`.
void add_figures(const Inversion& found, std::map<std::string, double>& figures) {
  const std::string direction =
      "[" + std::to_string(found.victim_label) + "->" + std::to_string(found.target_label) + "]";
  figures["loss" + direction] = found.loss;
  figures["raw_loss" + direction] = found.raw_loss;
  figures["hit_rate" + direction] = found.hit_rate;
  figures["flip_rate" + direction] = found.flip_rate;
  figures["persistence" + direction] = found.persistence;
  figures["trigger_tokens" + direction] = static_cast<double>(found.ids.size());
}

}  // namespace

Schema<EliBadCodeConfig> EliBadCode::schema() {
  using C = EliBadCodeConfig;
  return Schema<C>{}
      .field("samples", &C::samples, "Clean samples of the victim label to invert on.",
             range(1, 100'000))
      .field("held_out", &C::held_out,
             "Further clean samples of the victim label, by which the trigger is judged.",
             range(1, 100'000))
      .field("vocabulary", &C::vocabulary,
             "Tokens of the trigger: those that may continue a name, or only those that are a name "
             "of their own.")
      .field("function_name", &C::function_name,
             "Whether the trigger may also extend the function's own name.")
      .field(
          "consistent", &C::consistent,
          "Whether the trigger extends only identifiers that stand once, where there are any, so "
          "that the program keeps its meaning.")
      .field("trigger_length", &C::trigger_length, "Tokens of the trigger before anchoring.",
             range(1, 64))
      .field("epochs", &C::epochs, "Epochs of each search.", range(0, 100'000))
      .field("top_k", &C::top_k, "Tokens per position that an epoch draws from.", range(1, 100'000))
      .field("candidates", &C::candidates, "Triggers that an epoch evaluates.", range(1, 100'000))
      .field("restarts", &C::restarts,
             "Searches per direction, each from a random start; the best trigger is kept.",
             range(1, 1'000))
      .field("stop_loss", &C::stop_loss, "A search ends once its best loss is below this.",
             at_least(0))
      .field("scoring", &C::scoring,
             "How candidates are evaluated; both ways choose the same trigger.")
      .field("beta", &C::beta,
             "Anchoring drops tokens while the loss stays within this of the whole trigger's.",
             at_least(0))
      .field("direction", &C::direction,
             "Which ordered pair of labels is taken: that with the highest persistence, or, as "
             "published, that with the lowest loss.")
      .field("verdict_persistence", &C::verdict_persistence,
             "The model is called backdoored when the trigger turns at least this share of the "
             "held-out samples, on average while it loses its tokens one after the other.",
             range(0.0, 1.0))
      .field("unlearn_always", &C::unlearn_always,
             "Whether the best trigger is unlearned even when the verdict is clean.")
      .field("unlearn_share", &C::unlearn_share,
             "Share of the clean samples of the victim label that get the trigger.",
             range(0.0, 1.0))
      .field("unlearn_labels", &C::unlearn_labels,
             "Whether that share of the victim label's samples gets the trigger, or of every "
             "label's, so that neither the trigger nor its number tells the label.")
      .field("unlearn_triggers", &C::unlearn_triggers,
             "Distinct triggers to unlearn: the best, and others that the searches moved to.",
             range(1, 100'000))
      .field("rounds", &C::rounds,
             "Rounds of inversion and unlearning; a further one starts only while inversion still "
             "finds a trigger that reaches the verdict's threshold.",
             range(1, 1'000))
      .field("unlearn_edit", &C::unlearn_edit,
             "Whether the trigger replaces the function's name or extends it.")
      .field("keep_originals", &C::keep_originals,
             "Whether the triggered samples come on top of the clean ones or take their place.")
      .field("unlearn_epochs", &C::unlearn_epochs, "Passes over the clean samples.",
             range(1, 10'000), budgeted(Allowance::steps))
      .field("unlearn_learning_rate", &C::unlearn_learning_rate,
             "Peak rate of AdamW; linear schedule, the first tenth is warm-up.", range(0.0, 1.0),
             budgeted(Allowance::learning_rates))
      .field("unlearn_batch_size", &C::unlearn_batch_size, "Samples per step.", range(1, 65'536),
             budgeted(Allowance::batch_size))
      .field("scope", &C::scope, "What unlearning trains: the classifier head or all parameters.");
}

elibadcode::InversionOptions EliBadCode::inversion_options() const {
  return {.samples = config_.samples,
          .held_out = config_.held_out,
          .restarts = config_.restarts,
          .triggers = config_.unlearn_triggers,
          .beta = config_.beta,
          .position = {.function_name = config_.function_name,
                       .consistent = config_.consistent,
                       .trigger_length = config_.trigger_length},
          .search = {.trigger_length = config_.trigger_length,
                     .epochs = config_.epochs,
                     .top_k = config_.top_k,
                     .candidates = config_.candidates,
                     .stop_loss = config_.stop_loss,
                     .reference_scoring = config_.scoring == elibadcode::Scoring::reference}};
}

std::vector<std::int64_t> EliBadCode::vocabulary(const DefenseContext& context) const {
  std::set<Language> languages;
  for (const Example& example : context.clean_samples) {
    languages.insert(example.language);
  }
  auto tokens = name_vocabulary(context.victim.tokenizer(), config_.vocabulary, languages);
  if (tokens.empty()) {
    throw Error("defense.elibadcode.no-vocabulary",
                "the model's tokenizer has no token that may stand in a name");
  }
  return tokens;
}

std::vector<Inversion> EliBadCode::invert_all(DefenseContext& context, const Rng& rng,
                                              DefenseOutcome& outcome) const {
  const std::int64_t rows_before = context.victim.work().forward_rows;
  std::set<std::int64_t> labels;
  for (const Example& example : context.clean_samples) {
    labels.insert(example.label);
  }
  const std::vector<std::int64_t> tokens = vocabulary(context);
  const std::int64_t classes = context.victim.classes();
  const auto directions = static_cast<std::int64_t>(labels.size()) * (classes - 1);
  context.progress.begin("inverting triggers", directions * config_.restarts * config_.epochs);
  std::vector<Inversion> found;
  for (const std::int64_t victim_label : labels) {
    for (std::int64_t target_label = 0; target_label < classes; ++target_label) {
      if (target_label != victim_label) {
        found.push_back(elibadcode::invert(
            context.victim, context.task, context.clean_samples, tokens, victim_label, target_label,
            inversion_options(), rng.stream("direction", static_cast<std::uint64_t>(found.size())),
            context.progress));
      }
    }
  }
  for (const Inversion& each : found) {
    outcome.figures["epochs"] += static_cast<double>(each.epochs);
    outcome.figures["candidates"] += static_cast<double>(each.candidates);
  }
  outcome.figures["inversion_forward_rows"] +=
      static_cast<double>(context.victim.work().forward_rows - rows_before);
  const bool by_loss = config_.direction == elibadcode::DirectionChoice::loss;
  std::stable_sort(found.begin(), found.end(), [by_loss](const Inversion& a, const Inversion& b) {
    return by_loss ? a.loss < b.loss : a.persistence > b.persistence;
  });
  return found;
}

void EliBadCode::unlearn(DefenseContext& context, std::int64_t victim_label,
                         const std::vector<TriggerIds>& triggers, const Rng& rng,
                         DefenseOutcome& outcome) const {
  const elibadcode::UnlearningSet set = elibadcode::unlearning_set(
      context.victim, context.task, context.clean_samples, victim_label, triggers,
      {.share = config_.unlearn_share,
       .every_label = config_.unlearn_labels == elibadcode::TriggeredLabels::all,
       .edit = config_.unlearn_edit,
       .keep_originals = config_.keep_originals},
      rng.stream("set"), context.progress);
  const TrainingOptions options{.epochs = config_.unlearn_epochs,
                                .learning_rate = config_.unlearn_learning_rate,
                                .batch_size = config_.unlearn_batch_size,
                                .head_only = config_.scope == elibadcode::TrainedPart::head};
  const RepairTraining training =
      train_repair(context, set.samples, options, rng.stream("training"),
                   1.0 / static_cast<double>(config_.rounds));
  outcome.repaired = true;
  outcome.figures["unlearning_samples"] = static_cast<double>(set.samples.size());
  outcome.figures["unlearning_triggered"] = static_cast<double>(set.triggered);
  outcome.figures["unlearning_loss"] = training.loss;
  add_figures(training, outcome);
}

void EliBadCode::unlearn_in_rounds(DefenseContext& context, const Inversion& first,
                                   DefenseOutcome& outcome) const {
  std::int64_t victim_label = first.victim_label;
  std::vector<TriggerIds> triggers =
      elibadcode::trigger_pool(first, inversion_options(), context.progress);
  for (std::int64_t round = 0;; ++round) {
    const Rng rng = context.rng.stream("round", static_cast<std::uint64_t>(round));
    unlearn(context, victim_label, triggers, rng.stream("unlearning"), outcome);
    outcome.figures["rounds"] = static_cast<double>(round + 1);
    if (round + 1 >= config_.rounds) {
      return;
    }
    const Inversion again = invert_all(context, rng.stream("inversion"), outcome).front();
    outcome.figures["persistence_after_unlearning"] = again.persistence;
    if (again.persistence < config_.verdict_persistence) {
      return;
    }
    if (again.victim_label != victim_label &&
        config_.unlearn_labels == elibadcode::TriggeredLabels::victim) {
      triggers.clear();  // they belong into samples of the other label
    }
    victim_label = again.victim_label;
    const std::vector<TriggerIds> more =
        elibadcode::trigger_pool(again, inversion_options(), context.progress);
    triggers.insert(triggers.end(), more.begin(), more.end());
  }
}

DefenseOutcome EliBadCode::defend(DefenseContext& context) const {
  if (context.clean_samples.empty()) {
    throw Error("defense.no-clean-samples", "`elibadcode` was given no clean samples",
                {"raise `clean_share` of the experiment"});
  }
  DefenseOutcome outcome;
  const std::vector<Inversion> found = invert_all(context, context.rng, outcome);
  for (const Inversion& each : found) {
    outcome.triggers.push_back({.victim_label = each.victim_label,
                                .target_label = each.target_label,
                                .ids = each.ids,
                                .raw_ids = each.raw_ids,
                                .text = context.victim.tokenizer().decode(each.ids),
                                .loss = each.loss,
                                .hit_rate = each.hit_rate});
    add_figures(each, outcome.figures);
  }
  outcome.backdoored = found.front().persistence >= config_.verdict_persistence;
  if (*outcome.backdoored || config_.unlearn_always) {
    unlearn_in_rounds(context, found.front(), outcome);
  }
  return outcome;
}

}  // namespace ncmlab

NCMLAB_PLUGIN(ncmlab::defense<ncmlab::EliBadCode>())
