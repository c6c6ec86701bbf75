// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/plugin/trigger_inversion.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <set>
#include <utility>

#include "ncmlab/core/diagnostic.hpp"
#include "ncmlab/plugin/defense_requirements.hpp"
#include "ncmlab/plugin/repair_training.hpp"
#include "ncmlab/plugin/trigger_alphabet.hpp"
#include "ncmlab/plugin/trigger_position.hpp"
#include "ncmlab/train/trainer.hpp"

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

/// Rounds of a race of so many: after each the better half is left, rounded up.
std::int64_t race_rounds(std::size_t racers) {
  std::int64_t rounds = 1;
  for (; racers > 1; racers = (racers + 1) / 2) {
    ++rounds;
  }
  return rounds;
}

/// Of `epochs` those of one of the rounds.
std::int64_t epochs_of_round(std::int64_t epochs, std::int64_t rounds, std::int64_t round) {
  return epochs * (round + 1) / rounds - epochs * round / rounds;
}

/// Epochs that a race runs in all.
std::int64_t epochs_of_race(std::int64_t epochs, std::size_t racers) {
  const std::int64_t rounds = race_rounds(racers);
  std::int64_t sum = 0;
  for (std::int64_t round = 0; round < rounds; ++round, racers = (racers + 1) / 2) {
    sum += static_cast<std::int64_t>(racers) * epochs_of_round(epochs, rounds, round);
  }
  return sum;
}

/// Adds what one direction found under names such as `loss[1->0]`, unless the figures of a better
/// edit are there.
void add_figures(const Inversion& found, std::map<std::string, double>& figures) {
  const std::string direction =
      "[" + std::to_string(found.victim_label) + "->" + std::to_string(found.target_label) + "]";
  if (figures.contains("loss" + direction)) {
    return;
  }
  figures["loss" + direction] = found.loss;
  figures["raw_loss" + direction] = found.found.best.loss;
  figures["hit_rate" + direction] = found.hit_rate;
  figures["flip_rate" + direction] = found.flip_rate;
  figures["certain_flip_rate" + direction] = found.certain_flip_rate;
  figures["transfer_rate" + direction] = found.transfer_rate;
  figures["persistence" + direction] = found.persistence;
  figures["trigger_tokens" + direction] = static_cast<double>(found.ids.size());
  for (const auto& [name, value] : found.figures) {
    figures[name + direction] = value;
  }
}

/// Triggers of the length of `found`, of tokens that may stand in a name.
std::vector<WrittenTrigger> random_triggers(const DefenseContext& context, const Inversion& found,
                                            std::int64_t count) {
  std::set<Language> languages;
  for (const Example& example : context.clean_samples) {
    languages.insert(example.language);
  }
  const TriggerAlphabet alphabet = trigger_alphabet(
      context.victim.tokenizer(), NameUse::continues_name, languages, found.edit.change);
  Rng rng = found.rng.stream("random triggers");
  std::vector<WrittenTrigger> triggers;
  for (std::int64_t i = 0; i < count; ++i) {
    TriggerIds ids;
    for (std::size_t place = 0; place < found.ids.size(); ++place) {
      ids.push_back(rng.pick(alphabet.of(place)));
    }
    triggers.push_back({.text = trigger_text(context.victim.tokenizer(), ids), .edit = found.edit});
  }
  return triggers;
}

WrittenTrigger written(const CodeModel& victim, const TriggerIds& ids, const TriggerEdit& edit) {
  return {.text = trigger_text(victim.tokenizer(), ids), .edit = edit};
}

}  // namespace

TriggerInversion::TriggerInversion(std::string_view name, const TriggerInversionSettings& settings,
                                   const SearchShape& shape)
    : name_(name), settings_(settings), shape_(shape) {
  if (edits().empty()) {
    throw Error("defense." + name_ + ".bad-setting",
                "`edits` and `names` must each hold at least one way for a trigger to enter code");
  }
}

TriggerInversion::~TriggerInversion() = default;

std::shared_ptr<CodeModel> TriggerInversion::reference(DefenseContext& context,
                                                       DefenseOutcome& outcome) const {
  if (settings_.contrast == Contrast::none) {
    return nullptr;
  }
  if (context.untrained_model == nullptr) {
    throw Error("defense." + name_ + ".no-untrained-model",
                "`contrast` needs a model to train a reference from, but was given none");
  }
  auto model = std::make_shared<CodeModel>(context.untrained_model->clone());
  const std::vector<TokenSample> samples = context.task.tokenize(*model, context.clean_samples);
  const TrainingResult result = train(*model, samples,
                                      {.epochs = settings_.reference_epochs,
                                       .learning_rate = settings_.reference_learning_rate,
                                       .batch_size = settings_.reference_batch_size},
                                      context.rng.stream("reference"), context.progress);
  context.victim.work().forward_rows += model->work().forward_rows;
  context.victim.work().backward_rows += model->work().backward_rows;
  model->work() = {};
  outcome.figures["reference_loss"] = result.epochs.back().loss;
  outcome.figures["reference_accuracy"] = result.epochs.back().accuracy;
  return model;
}

std::vector<TriggerEdit> TriggerInversion::edits() const {
  std::vector<TriggerEdit> all;
  for (const NameEdit change : settings_.edits) {
    for (const EditedName name : settings_.names) {
      const TriggerEdit edit{.change = change, .name = name};
      if (std::ranges::find(all, edit) == all.end()) {
        all.push_back(edit);
      }
    }
  }
  return all;
}

Inversion TriggerInversion::begin(DefenseContext& context, const Means& means,
                                  const std::vector<Example>& examples, std::int64_t victim_label,
                                  std::int64_t target_label, const TriggerEdit& edit,
                                  const Rng& rng) const {
  // Predictions are no steps of the search.
  QuietProgress uncounted(context.progress);
  std::vector<PlacedExample> placed = place_triggers(
      context.victim, context.task, examples, target_label,
      {.edit = edit, .rule = settings_.position, .trigger_length = shape_.trigger_length},
      uncounted);
  std::vector<InversionSample> tokens;
  std::vector<std::string> names;
  for (PlacedExample& each : placed) {
    tokens.push_back(std::move(each.tokens));
    if (each.name) {
      names.push_back(each.name->name);
    }
  }
  CodeModel* const searched =
      settings_.contrast == Contrast::search ? means.reference.get() : nullptr;
  Inversion hypothesis{
      .rng = rng, .victim_label = victim_label, .target_label = target_label, .edit = edit};
  hypothesis.loss_of = std::make_shared<TriggerLoss>(
      CandidateScorer(context.victim, std::move(tokens), target_label, {.reference = searched}));
  hypothesis.samples =
      std::make_shared<JudgedSamples>(context.victim, context.task, std::move(placed), edit.change,
                                      target_label, searched, context.progress);
  hypothesis.spelling = std::make_shared<Spelling>(context.victim.tokenizer(), edit.change, names);
  hypothesis.context =
      std::make_shared<SearchContext>(SearchContext{.victim = context.victim,
                                                    .victim_label = victim_label,
                                                    .target_label = target_label,
                                                    .edit = edit,
                                                    .loss_of = *hypothesis.loss_of,
                                                    .spelling = *hypothesis.spelling,
                                                    .rng = rng,
                                                    .progress = context.progress});
  hypothesis.search = means.method->begin(*hypothesis.context);
  return hypothesis;
}

void TriggerInversion::judge(DefenseContext& context, const Means& means,
                             const std::vector<Example>& held_out, Inversion& each) const {
  QuietProgress uncounted(context.progress);
  const auto loss = [&each](const TriggerIds& trigger) { return each.samples->loss(trigger); };
  const JudgedSamples others(
      context.victim, context.task,
      place_triggers(
          context.victim, context.task, held_out, each.target_label,
          {.edit = each.edit, .rule = settings_.position, .trigger_length = shape_.trigger_length},
          uncounted),
      each.edit.change, each.target_label, means.reference.get(), uncounted);
  each.ids = each.search->purified(each.found.best.ids, loss);
  each.loss = loss(each.ids);
  each.hit_rate = each.samples->hit_rate(each.ids);
  each.flip_rate = others.flip_rate(each.ids);
  each.certain_flip_rate = others.certain_flip_rate(each.ids);
  each.transfer_rate = others.transfer_rate(each.ids);
  const std::vector<TriggerIds> steps =
      shrink(each.found.best.ids, keeps_first(each.edit.change), loss);
  for (const TriggerIds& step : steps) {
    const double contrast = std::max(others.flip_rate(step) - others.transfer_rate(step), 0.0);
    each.persistence += contrast / static_cast<double>(steps.size());
  }
  each.figures = each.search->judge(each.ids, others);
  each.figures.merge(each.found.figures);
}

std::vector<Inversion> TriggerInversion::invert(DefenseContext& context, const Means& means,
                                                std::int64_t victim_label,
                                                std::int64_t target_label, const Rng& rng) const {
  const Drawn drawn = draw(context.clean_samples, victim_label, settings_, rng.stream("samples"));
  std::vector<Inversion> racers;
  for (const TriggerEdit& edit : edits()) {
    racers.push_back(begin(context, means, drawn.inversion, victim_label, target_label, edit,
                           rng.stream("edit", static_cast<std::uint64_t>(racers.size()))));
  }
  const std::int64_t rounds = race_rounds(racers.size());
  std::size_t left = racers.size();
  for (std::int64_t round = 0; round < rounds; ++round, left = (left + 1) / 2) {
    const auto end = racers.begin() + static_cast<std::ptrdiff_t>(left);
    for (auto racer = racers.begin(); racer != end; ++racer) {
      racer->search->advance(epochs_of_round(shape_.epochs, rounds, round));
      racer->found = racer->search->found();
    }
    std::stable_sort(racers.begin(), end, [](const Inversion& a, const Inversion& b) {
      return a.found.best.loss < b.found.best.loss;
    });
  }
  for (Inversion& each : racers) {
    judge(context, means, drawn.held_out, each);
  }
  return racers;
}

std::vector<Inversion> TriggerInversion::invert_all(DefenseContext& context, const Means& means,
                                                    const Rng& rng, DefenseOutcome& outcome) const {
  const auto before = context.victim.work();
  std::set<std::int64_t> labels;
  for (const Example& example : context.clean_samples) {
    labels.insert(example.label);
  }
  const std::int64_t classes = context.victim.classes();
  const auto directions = static_cast<std::int64_t>(labels.size()) * (classes - 1);
  context.progress.begin("inverting triggers",
                         directions * epochs_of_race(shape_.epochs, edits().size()));
  std::vector<Inversion> found;
  std::uint64_t direction = 0;
  for (const std::int64_t victim_label : labels) {
    for (std::int64_t target_label = 0; target_label < classes; ++target_label) {
      if (target_label != victim_label) {
        std::vector<Inversion> racers = invert(context, means, victim_label, target_label,
                                               rng.stream("direction", direction++));
        std::ranges::move(racers, std::back_inserter(found));
      }
    }
  }
  for (const Inversion& each : found) {
    outcome.figures["epochs"] += static_cast<double>(each.found.epochs);
    outcome.figures["candidates"] += static_cast<double>(each.found.candidates);
  }
  if (means.reference != nullptr) {
    context.victim.work().forward_rows += means.reference->work().forward_rows;
    means.reference->work() = {};
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

std::vector<WrittenTrigger> TriggerInversion::trigger_pool(DefenseContext& context,
                                                           const Inversion& found) const {
  if (settings_.unlearn_which == UnlearnedTriggers::random) {
    return random_triggers(context, found, settings_.unlearn_triggers);
  }
  const auto loss = [&](const TriggerIds& trigger) {
    context.progress.check();
    return found.samples->loss(trigger);
  };
  std::vector<WrittenTrigger> pool = {written(context.victim, found.ids, found.edit)};
  std::vector<ScoredTrigger> visited = found.found.visited;
  std::erase_if(visited, [&](const ScoredTrigger& each) {
    return each.loss > found.found.best.loss + shape_.margin;
  });
  found.rng.stream("pool").shuffle(visited);
  context.progress.begin("gathering triggers", settings_.unlearn_triggers);
  context.progress.advance();
  for (const ScoredTrigger& each : visited) {
    if (std::ssize(pool) >= settings_.unlearn_triggers) {
      break;
    }
    const WrittenTrigger more =
        written(context.victim, found.search->purified(each.ids, loss), found.edit);
    if (std::ranges::find(pool, more) == pool.end()) {
      pool.push_back(more);
      context.progress.advance();
    }
  }
  return pool;
}

std::vector<WrittenTrigger> TriggerInversion::triggers_to_unlearn(
    DefenseContext& context, const std::vector<Inversion>& found) const {
  std::vector<WrittenTrigger> triggers;
  for (const Inversion& each : found) {
    const bool leads = &each == &found.front();
    const bool fits = settings_.unlearn_labels == TriggeredLabels::all ||
                      each.victim_label == found.front().victim_label;
    if (leads || (fits && is_backdoor(each))) {
      const std::vector<WrittenTrigger> pool = trigger_pool(context, each);
      triggers.insert(triggers.end(), pool.begin(), pool.end());
    }
  }
  return triggers;
}

void TriggerInversion::unlearn(DefenseContext& context, std::int64_t victim_label,
                               const std::vector<WrittenTrigger>& triggers,
                               const at::Tensor& answers, const Rng& rng,
                               DefenseOutcome& outcome) const {
  const UnlearningSet set =
      unlearning_set(context.victim, context.task, context.clean_samples, victim_label, triggers,
                     {.share = settings_.unlearn_share,
                      .every_label = settings_.unlearn_labels == TriggeredLabels::all,
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

void TriggerInversion::unlearn_in_rounds(DefenseContext& context, const Means& means,
                                         const std::vector<Inversion>& first,
                                         DefenseOutcome& outcome) const {
  std::int64_t victim_label = first.front().victim_label;
  std::vector<WrittenTrigger> triggers = triggers_to_unlearn(context, first);
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
    const std::vector<Inversion> again =
        invert_all(context, means, rng.stream("inversion"), outcome);
    outcome.figures["persistence_after_unlearning"] = again.front().persistence;
    if (!is_backdoor(again.front())) {
      return;
    }
    if (again.front().victim_label != victim_label &&
        settings_.unlearn_labels == TriggeredLabels::victim) {
      triggers.clear();  // they belong into samples of the other label
    }
    victim_label = again.front().victim_label;
    const std::vector<WrittenTrigger> more = triggers_to_unlearn(context, again);
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
  const Means means{.method = prepare(context), .reference = reference(context, outcome)};
  const std::vector<Inversion> found = invert_all(context, means, context.rng, outcome);
  for (const Inversion& each : found) {
    outcome.triggers.push_back({.victim_label = each.victim_label,
                                .target_label = each.target_label,
                                .ids = each.ids,
                                .raw_ids = each.found.best.ids,
                                .text = trigger_text(context.victim.tokenizer(), each.ids),
                                .edit = to_string(each.edit),
                                .epochs = each.found.epochs,
                                .loss = each.loss,
                                .hit_rate = each.hit_rate});
    if (edits().size() > 1) {
      outcome.figures["persistence[" + std::to_string(each.victim_label) + "->" +
                      std::to_string(each.target_label) + ", " + to_string(each.edit) + "]"] =
          each.persistence;
    }
    add_figures(each, outcome.figures);
  }
  outcome.backdoored = is_backdoor(found.front());
  if (*outcome.backdoored || settings_.unlearn_always) {
    unlearn_in_rounds(context, means, found, outcome);
  }
  return outcome;
}

}  // namespace ncmlab
