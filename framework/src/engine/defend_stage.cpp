// SPDX-License-Identifier: Apache-2.0
#include "engine/defend_stage.hpp"

#include <nlohmann/json.hpp>

#include "engine/described_json.hpp"
#include "engine/described_metrics.hpp"
#include "engine/object_json.hpp"
#include "engine/planner.hpp"
#include "engine/promises.hpp"
#include "engine/training_stages.hpp"
#include "engine/workshop.hpp"
#include "ncmlab/core/diagnostic.hpp"
#include "ncmlab/core/files.hpp"
#include "ncmlab/plugin/data_defense.hpp"

namespace ncmlab {

using nlohmann::json;

BOOST_DESCRIBE_STRUCT(InvertedTrigger, (),
                      (victim_label, target_label, ids, raw_ids, text, edit, epochs, loss,
                       hit_rate))
BOOST_DESCRIBE_STRUCT(JudgedOutcome, (),
                      (repaired, flagged, scores, triggers, backdoored, figures, recovery))

namespace {

constexpr const char* kOutcome = "outcome.json";

/// The samples with nothing but their number for an id: their own ids say where they stood.
std::vector<Example> numbered(std::vector<Example> samples, const std::string& what) {
  for (std::size_t i = 0; i < samples.size(); ++i) {
    samples[i].id = what + std::to_string(i + 1);
  }
  return samples;
}

std::optional<RecoveryMetrics> recovery_of(const StageWork& work,
                                           const std::vector<InvertedTrigger>& triggers,
                                           const CodeModel& victim) {
  const Made* poison = work.find("poison");
  return poison == nullptr
             ? std::nullopt
             : recovery(triggers, work.workshop.poisoning(*poison).words, victim.tokenizer());
}

StageDraft plan_defense(Planner& planner, const Subject& subject) {
  StageDraft draft = defense_draft(planner, "defend", subject);
  draft.needs.push_back(
      {.role = "victim", .stage = planner.stage("victim", victim_subject(subject))});
  return draft;
}

DefenseBudget budget_of(const Experiment& e, std::size_t defense) {
  return e.defense_budget ? share_of(*e.defense_budget, e.defenses[defense].granted)
                          : DefenseBudget{};
}

JudgedOutcome repair(const ModelDefense& defense, DefenseContext& context) {
  DefenseOutcome outcome = defense.defend(context);
  return {.repaired = outcome.repaired,
          .flagged = std::nullopt,
          .scores = {},
          .triggers = std::move(outcome.triggers),
          .backdoored = outcome.backdoored,
          .figures = std::move(outcome.figures),
          .recovery = std::nullopt};
}

JudgedOutcome inspect(const DataDefense& defense, DefenseContext& context) {
  Suspicion suspicion = defense.inspect(context);
  return {.repaired = false,
          .flagged = std::move(suspicion.flagged),
          .scores = std::move(suspicion.scores),
          .triggers = {},
          .backdoored = suspicion.backdoored,
          .figures = std::move(suspicion.figures),
          .recovery = std::nullopt};
}

WorkDone run_defense(const StageWork& work) {
  const Subject& subject = work.stage.subject;
  Workshop& workshop = work.workshop;
  const Defense& defense = workshop.plugins().defense(subject.defense);
  const CodeModel& victim = workshop.model(*work.find("victim"));
  CodeModel copy = victim.clone();
  copy.work() = {};
  DefenseProgress progress(work.progress);
  DefenseContext context = defense_context(work, copy, progress);
  const auto* data = dynamic_cast<const DataDefense*>(&defense);
  WorkDone done;
  if (data != nullptr) {
    context.train_victim = [&](const std::vector<std::size_t>& kept) {
      CodeModel trained = train_victim(work, kept);
      done.forward_rows += trained.work().forward_rows;
      done.backward_rows += trained.work().backward_rows;
      trained.work() = {};
      return trained;
    };
  }
  JudgedOutcome outcome = data != nullptr
                              ? inspect(*data, context)
                              : repair(dynamic_cast<const ModelDefense&>(defense), context);
  const std::size_t train_size = workshop.training_set(subject, work.find("poison")).size();
  for (const std::string& remark : check_outcome(defense, outcome, copy, victim, train_size)) {
    work.progress.log("note: defense `" + workshop.experiment().defenses[subject.defense].label +
                      "` " + remark);
  }
  work.progress.check();
  if (outcome.repaired) {
    copy.save(work.folder / "checkpoint");
  }
  outcome.recovery = recovery_of(work, outcome.triggers, copy);
  write_file_atomically(
      work.folder / kOutcome,
      json_of(outcome).dump(-1, ' ', false, json::error_handler_t::replace) + "\n");
  done.forward_rows += copy.work().forward_rows;
  done.backward_rows += copy.work().backward_rows;
  return done;
}

std::string outcome_of(const std::filesystem::path& folder) {
  return std::string(to_string(measured_victim(read_outcome(folder))));
}

}  // namespace

const StageKind kDefendStage = {
    .name = "defend", .plan = plan_defense, .run = run_defense, .outcome = outcome_of};

JudgedOutcome read_outcome(const std::filesystem::path& folder) {
  return read_object_json<JudgedOutcome>(folder / kOutcome);
}

MeasuredVictim measured_victim(const JudgedOutcome& outcome) {
  if (outcome.repaired) {
    return MeasuredVictim::repaired;
  }
  return outcome.flagged && !outcome.flagged->empty() ? MeasuredVictim::retrained
                                                      : MeasuredVictim::undefended;
}

StageDraft defense_draft(Planner& planner, std::string_view kind, const Subject& subject) {
  StageDraft draft{.key = planner.key_on_device(kind, subject),
                   .name = cell_name(planner.experiment(), subject),
                   .needs = {}};
  planner.add_defense(draft.key, subject.defense);
  if (planner.experiment().clean_from == CleanSource::training) {
    planner.add_clean_share(draft.key);
  }
  if (planner.has_trigger(subject.attack)) {
    draft.needs.push_back(
        {.role = "poison", .stage = planner.stage("poison", poison_subject(subject))});
  }
  return draft;
}

const std::vector<Example>& known_samples(Workshop& workshop, const Subject& subject) {
  return workshop.plugins().defense(subject.defense).stage() == DefenseStage::input
             ? workshop.materials().fitting_samples(subject)
             : workshop.materials().clean_samples(subject);
}

DefenseContext defense_context(const StageWork& work, CodeModel& victim, Progress& progress) {
  const Subject& subject = work.stage.subject;
  Workshop& workshop = work.workshop;
  const Defense& defense = workshop.plugins().defense(subject.defense);
  const DefenseNeeds needs = defense.needs();
  const std::vector<Example>& clean = known_samples(workshop, subject);
  const auto given = [](bool is_needed, const std::vector<Example>& samples, const char* name) {
    return is_needed ? numbered(samples, name) : std::vector<Example>{};
  };
  return {
      .victim = victim,
      .task = TaskView(workshop.task(subject)),
      .clean_samples = given(needs.clean_samples, clean, "clean-"),
      .training_set =
          given(needs.training_set, workshop.training_set(subject, work.find("poison")), "train-"),
      .rng = Rng(static_cast<std::uint64_t>(subject.seed)).stream("defend"),
      .progress = progress,
      .budget = budget_of(workshop.experiment(), subject.defense),
      .tuning_samples =
          given(needs.clean_samples, workshop.materials().tuning_samples(subject), "tuning-"),
      .ngram_model = needs.ngram_model
                         ? &workshop.language_models().ngram(victim, clean, work.progress)
                         : nullptr,
      .masked_model = needs.masked_model ? &workshop.language_models().masked(victim) : nullptr,
      .starting_model = needs.starting_model
                            ? std::make_shared<const CodeModel>(fresh_model(
                                  workshop, subject, workshop.materials().corpus(subject).train))
                            : nullptr,
      .untrained_model = needs.untrained_model
                             ? std::make_shared<const CodeModel>(untrained_model(workshop, subject))
                             : nullptr};
}

void DefenseProgress::begin(std::string_view what, std::int64_t total) {
  outer().begin(what, total);
}

void DefenseProgress::advance(std::int64_t steps, std::string_view detail) {
  outer().advance(steps, detail);
}

void DefenseProgress::log(std::string_view line) { outer().log(line); }

}  // namespace ncmlab
