// SPDX-License-Identifier: Apache-2.0
#include "engine/defend_stage.hpp"

#include <nlohmann/json.hpp>

#include "engine/described_json.hpp"
#include "engine/described_metrics.hpp"
#include "engine/object_json.hpp"
#include "engine/planner.hpp"
#include "engine/promises.hpp"
#include "engine/workshop.hpp"
#include "ncmlab/core/diagnostic.hpp"
#include "ncmlab/core/files.hpp"

namespace ncmlab {

using nlohmann::json;

BOOST_DESCRIBE_STRUCT(InvertedTrigger, (),
                      (victim_label, target_label, ids, raw_ids, text, loss, hit_rate))
BOOST_DESCRIBE_STRUCT(DefenseOutcome, (), (repaired, triggers, figures))
BOOST_DESCRIBE_STRUCT(JudgedOutcome, (), (recovery))

/// What a defense does not say is null.
template <>
struct JsonForm<DefenseOutcome> {
  static json write(const DefenseOutcome& outcome) {
    json object = DescribedForm<DefenseOutcome>::write(outcome);
    object["suspicious"] = json_of(outcome.suspicious);
    object["backdoored"] = json_of(outcome.backdoored);
    return object;
  }
  static DefenseOutcome read(const json& object) {
    DefenseOutcome outcome = DescribedForm<DefenseOutcome>::read(object);
    outcome.suspicious = value_of<decltype(outcome.suspicious)>(object.at("suspicious"));
    outcome.backdoored = value_of<decltype(outcome.backdoored)>(object.at("backdoored"));
    return outcome;
  }
};

/// One object of what the defense said and how right it was.
template <>
struct JsonForm<JudgedOutcome> {
  static json write(const JudgedOutcome& judged) {
    json object = json_of(judged.outcome);
    object.update(DescribedForm<JudgedOutcome>::write(judged));
    return object;
  }
  static JudgedOutcome read(const json& object) {
    JudgedOutcome judged = DescribedForm<JudgedOutcome>::read(object);
    judged.outcome = value_of<DefenseOutcome>(object);
    return judged;
  }
};

namespace {

constexpr const char* kOutcome = "outcome.json";

/// The samples with nothing but their number for an id: their own ids say where they stood.
std::vector<Example> numbered(std::vector<Example> samples, const std::string& what) {
  for (std::size_t i = 0; i < samples.size(); ++i) {
    samples[i].id = what + std::to_string(i + 1);
  }
  return samples;
}

/// What a defense may say to the engine's Progress; behind it, the stage's title names the attack.
class DefenseProgress final : public QuietProgress {
 public:
  using QuietProgress::QuietProgress;
  void begin(std::string_view what, std::int64_t total) override { outer().begin(what, total); }
  void advance(std::int64_t steps, std::string_view detail) override {
    outer().advance(steps, detail);
  }
  void log(std::string_view line) override { outer().log(line); }
};

std::optional<RecoveryMetrics> recovery_of(const StageWork& work,
                                           const std::vector<InvertedTrigger>& triggers,
                                           const CodeModel& victim) {
  const Made* poison = work.find("poison");
  return poison == nullptr
             ? std::nullopt
             : recovery(triggers, work.workshop.poisoning(*poison).words, victim.tokenizer());
}

StageDraft plan_defense(Planner& planner, const Subject& subject) {
  StageDraft draft{.key = planner.key_on_device("defend", subject),
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
  draft.needs.push_back(
      {.role = "victim", .stage = planner.stage("victim", victim_subject(subject))});
  return draft;
}

DefenseBudget budget_of(const Experiment& e, std::size_t defense) {
  return e.defense_budget ? share_of(*e.defense_budget, e.defenses[defense].granted)
                          : DefenseBudget{};
}

WorkDone run_defense(const StageWork& work) {
  const Subject& subject = work.stage.subject;
  Workshop& workshop = work.workshop;
  const Defense& defense = workshop.plugins().defense(subject.defense);
  const DefenseNeeds needs = defense.needs();
  const CodeModel& victim = workshop.model(*work.find("victim"));
  const std::vector<Example>& train = workshop.training_set(subject, work.find("poison"));
  CodeModel copy = victim.clone();
  copy.work() = {};
  DefenseProgress defense_progress(work.progress);
  DefenseContext context{
      .victim = copy,
      .task = TaskView(workshop.task(subject)),
      .clean_samples = needs.clean_samples
                           ? numbered(workshop.materials().clean_samples(subject), "clean-")
                           : std::vector<Example>{},
      .training_set = needs.training_set ? numbered(train, "train-") : std::vector<Example>{},
      .rng = Rng(static_cast<std::uint64_t>(subject.seed)).stream("defend"),
      .progress = defense_progress,
      .budget = budget_of(workshop.experiment(), subject.defense),
      .tuning_samples = needs.clean_samples
                            ? numbered(workshop.materials().tuning_samples(subject), "tuning-")
                            : std::vector<Example>{}};
  DefenseOutcome outcome = defense.defend(context);
  for (const std::string& remark : check_outcome(defense, outcome, copy, victim, train.size())) {
    work.progress.log("note: defense `" + workshop.experiment().defenses[subject.defense].label +
                      "` " + remark);
  }
  work.progress.check();
  if (outcome.repaired) {
    copy.save(work.folder / "checkpoint");
  }
  const json object = json_of(
      JudgedOutcome{.outcome = outcome, .recovery = recovery_of(work, outcome.triggers, copy)});
  write_file_atomically(work.folder / kOutcome,
                        object.dump(-1, ' ', false, json::error_handler_t::replace) + "\n");
  return {.forward_rows = copy.work().forward_rows, .backward_rows = copy.work().backward_rows};
}

std::string outcome_of(const std::filesystem::path& folder) {
  return std::string(to_string(measured_victim(read_outcome(folder).outcome)));
}

}  // namespace

const StageKind kDefendStage = {
    .name = "defend", .plan = plan_defense, .run = run_defense, .outcome = outcome_of};

JudgedOutcome read_outcome(const std::filesystem::path& folder) {
  return read_object_json<JudgedOutcome>(folder / kOutcome);
}

MeasuredVictim measured_victim(const DefenseOutcome& outcome) {
  if (outcome.repaired) {
    return MeasuredVictim::repaired;
  }
  return outcome.suspicious && !outcome.suspicious->empty() ? MeasuredVictim::retrained
                                                            : MeasuredVictim::undefended;
}

}  // namespace ncmlab
