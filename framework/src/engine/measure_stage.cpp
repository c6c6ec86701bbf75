// SPDX-License-Identifier: Apache-2.0
#include "engine/measure_stage.hpp"

#include <algorithm>

#include "engine/defend_stage.hpp"
#include "engine/defended_training_stage.hpp"
#include "engine/filter_stage.hpp"
#include "engine/planner.hpp"
#include "engine/workshop.hpp"
#include "ncmlab/core/files.hpp"
#include "ncmlab/metrics/detection.hpp"

namespace ncmlab {
namespace {

constexpr const char* kRecord = "record.json";
constexpr const char* kClean = "predictions";
constexpr const char* kTriggered = "triggered predictions";
constexpr const char* kUndefended = "undefended predictions";
constexpr const char* kControlClean = "control predictions";
constexpr const char* kControlTriggered = "transfer";

/// How well scores tell the poisoned samples from the others.
void compare_scores(const std::vector<double>& scores, const std::vector<std::size_t>& poisoned,
                    DetectionMetrics& metrics) {
  std::vector<double> of_poisoned, others;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    (std::ranges::binary_search(poisoned, i) ? of_poisoned : others).push_back(scores[i]);
  }
  if (!of_poisoned.empty() && !others.empty()) {
    metrics.auroc = auroc(of_poisoned, others);
    metrics.roc = roc_curve(of_poisoned, others);
  }
}

DetectionMetrics detection(const JudgedOutcome& judged, const std::vector<std::size_t>& poisoned,
                           std::size_t train_size) {
  std::vector<std::size_t> hits;
  std::ranges::set_intersection(*judged.flagged, poisoned, std::back_inserter(hits));
  DetectionMetrics metrics{.flagged = std::ssize(*judged.flagged),
                           .poisoned = std::ssize(poisoned),
                           .hits = std::ssize(hits),
                           .clean = static_cast<std::int64_t>(train_size - poisoned.size())};
  compare_scores(judged.scores, poisoned, metrics);
  return metrics;
}

FilterMetrics filter_metrics(const FilterReport& report) {
  const std::vector<double>& test = report.test.scores;
  const std::vector<double>& triggered = report.triggered.scores;
  FilterMetrics metrics{.false_rejection_rate = report.false_rejection_rate,
                        .flagged_clean = test.empty() ? 0 : share_above(test, report.threshold),
                        .clean = std::ssize(test),
                        .triggered = std::ssize(triggered)};
  if (triggered.empty() || test.empty()) {
    return metrics;
  }
  metrics.flagged_triggered = share_above(triggered, report.threshold);
  metrics.auroc = auroc(triggered, test);
  metrics.roc = roc_curve(triggered, test);
  for (const std::int64_t percent : kRejectionPercents) {
    const double rate = static_cast<double>(percent) / 100;
    metrics.detected[percent] = share_above(triggered, threshold_for(report.clean, rate));
  }
  return metrics;
}

void measure_classification(const Measurement& measurement, CellRecord& record) {
  std::vector<std::int64_t> labels;
  for (std::size_t i = 0; i < measurement.corpus.test.size(); ++i) {
    const Example& example = measurement.corpus.test[i];
    labels.push_back(example.label);
    record.outcomes.push_back({.id = example.id,
                               .label = example.label,
                               .prediction = measurement.clean.labels.at(i),
                               .triggered = {}});
  }
  record.clean =
      classification_metrics(measurement.clean.labels, labels,
                             measurement.workshop.task(measurement.subject).positive_label());
  if (!measurement.triggered) {
    return;
  }
  const TriggeredSet& set = measurement.triggered_set;
  const std::vector<AttackGoal>& goals = measurement.workshop.goals(measurement.subject);
  std::vector<TriggeredOutcome> outcomes;
  for (std::size_t i = 0; i < set.test_index.size(); ++i) {
    const AttackGoal& goal = goals.at(set.goal[i]);
    const std::int64_t prediction = measurement.triggered->labels.at(i);
    SampleOutcome& sample = record.outcomes.at(set.test_index[i]);
    const Predictions* undefended = measurement.undefended;
    const auto by = [](const Predictions* control, std::size_t place) {
      return control == nullptr ? std::nullopt : std::optional(control->labels.at(place));
    };
    const auto by_control = by(measurement.control_triggered, i);
    sample.triggered.push_back({.target_label = goal.target_label,
                                .prediction = prediction,
                                .control_prediction = by_control});
    outcomes.push_back(
        {.victim_label = goal.victim_label,
         .target_label = goal.target_label,
         .clean_prediction = sample.prediction,
         .triggered_prediction = prediction,
         .undefended_prediction =
             undefended == nullptr ? sample.prediction : undefended->labels.at(set.test_index[i]),
         .control_prediction = by_control,
         .control_clean_prediction = by(measurement.control_clean, set.test_index[i])});
  }
  record.attack_metrics = attack_metrics(outcomes);
}

/// What the defense found, beside the ground truth.
void add_outcome(const JudgedOutcome& judged, const std::vector<std::size_t>& poisoned,
                 std::size_t train_size, CellRecord& record) {
  record.recovery = judged.recovery;
  for (const InvertedTrigger& trigger : judged.triggers) {
    record.triggers.push_back({.victim_label = trigger.victim_label,
                               .target_label = trigger.target_label,
                               .text = trigger.text,
                               .ids = trigger.ids,
                               .loss = trigger.loss,
                               .hit_rate = trigger.hit_rate});
  }
  if (judged.flagged) {
    record.detection = detection(judged, poisoned, train_size);
  }
  record.backdoored = judged.backdoored;
  record.figures.insert(judged.figures.begin(), judged.figures.end());
}

/// The predictions of one of the cell's models: on the test set and, of attacks, with the trigger.
void add_predictions(Planner& planner, Subject subject, std::optional<When> when,
                     std::vector<Edge>& needs) {
  needs.push_back({.role = kClean, .stage = planner.stage("predict", subject), .when = when});
  if (planner.has_trigger(subject.attack)) {
    subject.triggers_of = subject.attack;
    needs.push_back({.role = kTriggered, .stage = planner.stage("predict", subject), .when = when});
  }
}

/// What a trigger does without a backdoor: predictions of the clean victim of the same seed, with
/// and without it.
void add_control(Planner& planner, const Subject& subject, std::vector<Edge>& needs) {
  const auto control = planner.control();
  if (!control) {
    return;
  }
  Subject clean = victim_subject(subject);
  clean.attack = *control;
  needs.push_back(
      {.role = kControlClean, .stage = planner.stage("predict", clean), .is_control = true});
  clean.triggers_of = subject.attack;
  needs.push_back(
      {.role = kControlTriggered, .stage = planner.stage("predict", clean), .is_control = true});
}

/// The defense at work and the predictions that come of it.
void add_defense(Planner& planner, const Subject& subject, std::vector<Edge>& needs) {
  const DefenseStage acts = planner.plugins().defense(subject.defense).stage();
  Subject measured = subject;
  if (acts == DefenseStage::training) {
    needs.push_back({.role = "train", .stage = planner.stage("train", subject)});
    measured.victim = MeasuredVictim::trained;
    add_predictions(planner, measured, std::nullopt, needs);
    return;
  }
  if (acts == DefenseStage::input) {
    needs.push_back({.role = "filter", .stage = planner.stage("filter", subject)});
    add_predictions(planner, victim_subject(subject), std::nullopt, needs);
    return;
  }
  const std::size_t defend = planner.stage("defend", subject);
  needs.push_back({.role = "defend", .stage = defend});
  const auto add = [&](Subject of, MeasuredVictim victim) {
    of.victim = victim;
    add_predictions(planner, of, When{.stage = defend, .outcome = std::string(to_string(victim))},
                    needs);
  };
  add(victim_subject(subject), MeasuredVictim::undefended);
  add(subject, acts == DefenseStage::model ? MeasuredVictim::repaired : MeasuredVictim::retrained);
}

StageDraft plan_measuring(Planner& planner, const Subject& subject) {
  const Experiment& e = planner.experiment();
  StageDraft draft{
      .key = planner.key("measure", subject), .name = cell_name(e, subject), .needs = {}};
  planner.add_attack(draft.key, subject);
  if (planner.has_trigger(subject.attack)) {
    // First of all: where the attack came to nothing, no victim is trained.
    draft.needs.push_back(
        {.role = "poison", .stage = planner.stage("poison", poison_subject(subject))});
    add_control(planner, subject, draft.needs);
  }
  if (e.defenses[subject.defense].plugin == "none") {
    add_predictions(planner, victim_subject(subject), std::nullopt, draft.needs);
    return draft;
  }
  if (e.defense_budget) {
    // The record names it, also where the defense takes nothing of it.
    draft.key.add("defense budget", in_words(*e.defense_budget));
  }
  add_defense(planner, subject, draft.needs);
  if (planner.has_trigger(subject.attack)) {
    draft.needs.push_back({.role = kUndefended,
                           .stage = planner.stage("predict", victim_subject(subject)),
                           .is_control = true});
  }
  return draft;
}

WorkDone run_measuring(const StageWork& work) {
  const Subject& subject = work.stage.subject;
  Workshop& workshop = work.workshop;
  const Corpus& corpus = workshop.materials().corpus(subject);
  const Made* poison = work.find("poison");
  const auto predictions = [&](const char* role) {
    const Made* made = work.find(role);
    return made == nullptr ? std::nullopt : std::optional(read_predictions(*made));
  };
  Predictions clean = predictions(kClean).value();
  auto triggered = predictions(kTriggered);
  const auto undefended = predictions(kUndefended),
             control_triggered = predictions(kControlTriggered),
             control_clean = predictions(kControlClean);
  CellRecord record;
  if (const Made* filter = work.find("filter")) {
    const FilterReport report = read_filter(*filter);
    clean.labels = filtered(std::move(clean.labels), report.test, report.threshold);
    if (triggered) {
      triggered->labels =
          filtered(std::move(triggered->labels), report.triggered, report.threshold);
    }
    record.filter = filter_metrics(report);
  }
  const auto pointer = [](const std::optional<Predictions>& there) {
    return there ? &*there : nullptr;
  };
  static const TriggeredSet kNothing;
  const Measurement measurement{
      .workshop = workshop,
      .subject = subject,
      .corpus = corpus,
      .triggered_set = poison == nullptr ? kNothing : workshop.poisoning(*poison).triggered,
      .clean = clean,
      .triggered = triggered,
      .undefended = pointer(undefended),
      .control_triggered = pointer(control_triggered),
      .control_clean = pointer(control_clean)};
  record.kind = workshop.task(subject).kind();
  if (record.kind == TaskKind::retrieval) {
    measure_retrieval(measurement, record);
  } else {
    measure_classification(measurement, record);
  }
  if (poison != nullptr) {
    const TriggeredSet& set = measurement.triggered_set;
    record.reach =
        TriggerReach{.carriers = std::ssize(set.examples),
                     .meant = std::ssize(set.examples) + static_cast<std::int64_t>(set.unedited)};
    record.stealth = workshop.poisoning(*poison).stealth;
    if (workshop.experiment().models[subject.model].training.epochs > 0) {
      record.poisoning = workshop.poisoning(*poison).counts;
    }
  }
  if (const Made* defend = work.find("defend")) {
    static const std::vector<std::size_t> kNone;
    add_outcome(read_outcome(defend->object.folder),
                poison == nullptr ? kNone : workshop.poisoning(*poison).set.poisoned,
                corpus.train.size(), record);
  }
  if (const Made* train = work.find("train")) {
    record.figures.merge(read_training_figures(*train));
  }
  const Experiment& e = workshop.experiment();
  record.clean_from = to_string(e.clean_from);
  if (e.defense_budget && e.defenses[subject.defense].plugin != "none") {
    record.budget = in_words(*e.defense_budget);
    record.departures = e.defenses[subject.defense].departures;
  }
  record.threads = workshop.plan().threads;
  record.costs = work.costs();
  write_file_atomically(work.folder / kRecord, to_json(record));
  return {};
}

}  // namespace

const StageKind kMeasureStage = {.name = "measure", .plan = plan_measuring, .run = run_measuring};

CellRecord read_record(const std::filesystem::path& folder) {
  const std::filesystem::path file = folder / kRecord;
  return record_from_json(read_file(file), file.string());
}

}  // namespace ncmlab
