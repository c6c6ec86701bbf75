// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/plugin/trigger_inversion.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cstddef>
#include <functional>
#include <set>
#include <utility>

#include "ncmlab/core/diagnostic.hpp"
#include "ncmlab/plugin/defense_requirements.hpp"
#include "ncmlab/plugin/repair_training.hpp"
#include "ncmlab/plugin/trigger_position.hpp"

namespace ncmlab {
namespace {

/// Samples of one label, drawn without overlap.
struct Drawn {
  std::vector<Example> inversion;
  std::vector<Example> held_out;
};

Drawn draw(const std::vector<Example>& clean, std::int64_t label,
           const TriggerInversionSettings& settings, Rng rng) {
  std::vector<std::size_t> members;
  for (std::size_t i = 0; i < clean.size(); ++i) {
    if (clean[i].label == label) {
      members.push_back(i);
    }
  }
  rng.shuffle(members);
  const std::size_t half = (members.size() + 1) / 2;
  const std::size_t first = std::min(half, static_cast<std::size_t>(settings.samples));
  const std::size_t last =
      std::min(members.size(), first + static_cast<std::size_t>(settings.held_out));
  Drawn drawn;
  for (std::size_t i = 0; i < last; ++i) {
    (i < first ? drawn.inversion : drawn.held_out).push_back(clean[members[i]]);
  }
  if (drawn.held_out.empty()) {
    drawn.held_out = drawn.inversion;
  }
  return drawn;
}

/// The losses that `found` was judged by, as long as nobody wants to stop.
std::function<double(const TriggerIds&)> checked_loss(const Inversion& found, Progress& progress) {
  return [&loss_of = *found.loss_of, &progress](const TriggerIds& trigger) {
    progress.check();
    return loss_of(trigger);
  };
}

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
  for (const auto& [name, value] : found.figures) {
    figures[name + direction] = value;
  }
}

}  // namespace

TriggerInversion::TriggerInversion(std::string_view name, const TriggerInversionSettings& settings,
                                   const SearchShape& shape)
    : name_(name), settings_(settings), shape_(shape) {}

TriggerInversion::~TriggerInversion() = default;

Inversion TriggerInversion::invert(DefenseContext& context, std::shared_ptr<TriggerSearch> search,
                                   std::int64_t victim_label, std::int64_t target_label,
                                   const Rng& rng) const {
  CodeModel& victim = context.victim;
  // Predictions are no steps of the search.
  QuietProgress uncounted(context.progress);
  const auto placed = [&](const std::vector<Example>& examples) {
    return place_triggers(victim, context.task, examples, target_label,
                          {.function_name = settings_.function_name,
                           .consistent = settings_.consistent,
                           .trigger_length = shape_.trigger_length},
                          uncounted);
  };
  const Drawn drawn = draw(context.clean_samples, victim_label, settings_, rng.stream("samples"));
  Inversion found{.rng = rng, .victim_label = victim_label, .target_label = target_label};
  found.search = std::move(search);
  found.loss_of = std::make_shared<TriggerLoss>(
      CandidateScorer(victim, placed(drawn.inversion), target_label, {}));
  FoundTriggers result = found.search->search({.victim = victim,
                                               .victim_label = victim_label,
                                               .target_label = target_label,
                                               .loss_of = *found.loss_of,
                                               .rng = rng,
                                               .progress = context.progress});
  found.epochs = result.epochs;
  found.candidates = result.candidates;
  found.visited = std::move(result.visited);
  found.figures = std::move(result.figures);
  found.raw_ids = result.best.ids;
  found.raw_loss = result.best.loss;
  const auto loss = checked_loss(found, context.progress);
  found.ids = found.search->purified(found.raw_ids, loss);
  found.loss = loss(found.ids);
  found.hit_rate = found.loss_of->scorer().hit_rate(found.ids);
  const HeldOutSamples held_out(victim, placed(drawn.held_out), target_label, uncounted);
  found.flip_rate = held_out.flip_rate(found.ids);
  const std::vector<TriggerIds> steps = shrink(found.raw_ids, loss);
  for (const TriggerIds& step : steps) {
    found.persistence += held_out.flip_rate(step) / static_cast<double>(steps.size());
  }
  found.figures.merge(found.search->judge(found.ids, held_out, rng));
  return found;
}

std::vector<Inversion> TriggerInversion::invert_all(DefenseContext& context,
                                                    const std::shared_ptr<TriggerSearch>& search,
                                                    const Rng& rng, DefenseOutcome& outcome) const {
  const auto before = context.victim.work();
  std::set<std::int64_t> labels;
  for (const Example& example : context.clean_samples) {
    labels.insert(example.label);
  }
  const std::int64_t classes = context.victim.classes();
  const auto directions = static_cast<std::int64_t>(labels.size()) * (classes - 1);
  context.progress.begin("inverting triggers", directions * shape_.epochs);
  std::vector<Inversion> found;
  for (const std::int64_t victim_label : labels) {
    for (std::int64_t target_label = 0; target_label < classes; ++target_label) {
      if (target_label != victim_label) {
        found.push_back(invert(context, search, victim_label, target_label,
                               rng.stream("direction", static_cast<std::uint64_t>(found.size()))));
      }
    }
  }
  for (const Inversion& each : found) {
    outcome.figures["epochs"] += static_cast<double>(each.epochs);
    outcome.figures["candidates"] += static_cast<double>(each.candidates);
  }
  const auto after = context.victim.work();
  outcome.figures["inversion_forward_rows"] +=
      static_cast<double>(after.forward_rows - before.forward_rows);
  outcome.figures["inversion_backward_rows"] +=
      static_cast<double>(after.backward_rows - before.backward_rows);
  const bool by_loss = settings_.direction == DirectionChoice::loss;
  std::stable_sort(found.begin(), found.end(), [by_loss](const Inversion& a, const Inversion& b) {
    return by_loss ? a.loss < b.loss : a.persistence > b.persistence;
  });
  return found;
}

std::vector<TriggerIds> TriggerInversion::trigger_pool(DefenseContext& context,
                                                       const Inversion& found) const {
  const auto loss = checked_loss(found, context.progress);
  std::vector<TriggerIds> pool = {found.ids};
  std::vector<ScoredTrigger> visited = found.visited;
  std::erase_if(visited, [&](const ScoredTrigger& each) {
    return each.loss > found.raw_loss + shape_.margin;
  });
  found.rng.stream("pool").shuffle(visited);
  context.progress.begin("gathering triggers", settings_.unlearn_triggers);
  context.progress.advance();
  for (const ScoredTrigger& each : visited) {
    if (std::ssize(pool) >= settings_.unlearn_triggers) {
      break;
    }
    const TriggerIds ids = found.search->purified(each.ids, loss);
    if (std::ranges::find(pool, ids) == pool.end()) {
      pool.push_back(ids);
      context.progress.advance();
    }
  }
  return pool;
}

void TriggerInversion::unlearn(DefenseContext& context, std::int64_t victim_label,
                               const std::vector<TriggerIds>& triggers, const at::Tensor& answers,
                               const Rng& rng, DefenseOutcome& outcome) const {
  const UnlearningSet set =
      unlearning_set(context.victim, context.task, context.clean_samples, victim_label, triggers,
                     {.share = settings_.unlearn_share,
                      .every_label = settings_.unlearn_labels == TriggeredLabels::all,
                      .edit = settings_.unlearn_edit,
                      .keep_originals = settings_.keep_originals},
                     rng.stream("set"), context.progress);
  const TrainingOptions options{.epochs = settings_.unlearn_epochs,
                                .learning_rate = settings_.unlearn_learning_rate,
                                .batch_size = settings_.unlearn_batch_size,
                                .head_only = settings_.scope == TrainedPart::head};
  TrainingHooks hooks;
  if (answers.defined()) {
    const std::vector<std::int64_t> origins(set.origins.begin(), set.origins.end());
    hooks.losses = divergence_from(
        answers.index_select(0, at::tensor(origins)).to(context.victim.encoder().device()),
        context.victim.head());
  }
  const RepairTraining training =
      train_repair(context, set.samples, options, rng.stream("training"),
                   1.0 / static_cast<double>(settings_.rounds), hooks);
  outcome.repaired = true;
  outcome.figures["unlearning_samples"] = static_cast<double>(set.samples.size());
  outcome.figures["unlearning_triggered"] = static_cast<double>(set.triggered);
  outcome.figures["unlearning_loss"] = training.loss;
  add_figures(training, outcome);
}

void TriggerInversion::unlearn_in_rounds(DefenseContext& context, const Inversion& first,
                                         DefenseOutcome& outcome) const {
  std::int64_t victim_label = first.victim_label;
  std::vector<TriggerIds> triggers = trigger_pool(context, first);
  at::Tensor answers;
  if (settings_.unlearn_towards == UnlearningTarget::victim) {
    answers = context.victim.predict(context.task.tokenize(context.victim, context.clean_samples),
                                     context.progress);
  }
  for (std::int64_t round = 0;; ++round) {
    const Rng rng = context.rng.stream("round", static_cast<std::uint64_t>(round));
    unlearn(context, victim_label, triggers, answers, rng.stream("unlearning"), outcome);
    outcome.figures["rounds"] = static_cast<double>(round + 1);
    if (round + 1 >= settings_.rounds) {
      return;
    }
    const Inversion again =
        invert_all(context, first.search, rng.stream("inversion"), outcome).front();
    outcome.figures["persistence_after_unlearning"] = again.persistence;
    if (!is_backdoor(again)) {
      return;
    }
    if (again.victim_label != victim_label && settings_.unlearn_labels == TriggeredLabels::victim) {
      triggers.clear();  // they belong into samples of the other label
    }
    victim_label = again.victim_label;
    const std::vector<TriggerIds> more = trigger_pool(context, again);
    triggers.insert(triggers.end(), more.begin(), more.end());
  }
}

DefenseOutcome TriggerInversion::defend(DefenseContext& context) const {
  require_clean_samples(context, name_);
  if (context.victim.tokenizer().special().unk < 0) {
    throw Error("defense." + name_ + ".no-unknown-token",
                "the model's tokenizer has no `<unk>`, which masks an identifier");
  }
  DefenseOutcome outcome;
  const std::vector<Inversion> found = invert_all(context, prepare(context), context.rng, outcome);
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
  outcome.backdoored = is_backdoor(found.front());
  if (*outcome.backdoored || settings_.unlearn_always) {
    unlearn_in_rounds(context, found.front(), outcome);
  }
  return outcome;
}

}  // namespace ncmlab
