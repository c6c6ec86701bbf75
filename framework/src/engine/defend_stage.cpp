// SPDX-License-Identifier: Apache-2.0
#include "engine/defend_stage.hpp"

#include <nlohmann/json.hpp>

#include "engine/json_number.hpp"
#include "engine/planner.hpp"
#include "engine/promises.hpp"
#include "engine/workshop.hpp"
#include "ncmlab/core/diagnostic.hpp"
#include "ncmlab/core/files.hpp"

namespace ncmlab {
namespace {

using nlohmann::json;

constexpr const char* kOutcome = "outcome.json";

json to_object(const InvertedTrigger& trigger) {
  return {{"victim_label", trigger.victim_label},
          {"target_label", trigger.target_label},
          {"ids", trigger.ids},
          {"raw_ids", trigger.raw_ids},
          {"text", trigger.text},
          {"loss", number_to_json(trigger.loss)},
          {"hit_rate", number_to_json(trigger.hit_rate)}};
}

InvertedTrigger trigger_from(const json& object) {
  return {.victim_label = object.at("victim_label"),
          .target_label = object.at("target_label"),
          .ids = object.at("ids"),
          .raw_ids = object.at("raw_ids"),
          .text = object.at("text"),
          .loss = number_from_json(object.at("loss")),
          .hit_rate = number_from_json(object.at("hit_rate"))};
}

json to_object(const JudgedOutcome& judged) {
  const DefenseOutcome& outcome = judged.outcome;
  json object{{"repaired", outcome.repaired},
              {"suspicious", nullptr},
              {"triggers", json::array()},
              {"backdoored", nullptr},
              {"figures", json::object()}};
  if (outcome.suspicious) {
    object["suspicious"] = *outcome.suspicious;
  }
  for (const InvertedTrigger& trigger : outcome.triggers) {
    object["triggers"].push_back(to_object(trigger));
  }
  if (outcome.backdoored) {
    object["backdoored"] = *outcome.backdoored;
  }
  for (const auto& [name, value] : outcome.figures) {
    object["figures"][name] = number_to_json(value);
  }
  if (judged.recovery) {
    object["recovery"] = {{"precision", number_to_json(judged.recovery->precision)},
                          {"recall", number_to_json(judged.recovery->recall)}};
  }
  return object;
}

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
      .budget = workshop.experiment().defenses[subject.defense].budget,
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
  const json object =
      to_object({.outcome = outcome, .recovery = recovery_of(work, outcome.triggers, copy)});
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

JudgedOutcome read_outcome(const std::filesystem::path& folder) try {
  const json object = json::parse(read_file(folder / kOutcome));
  JudgedOutcome judged{.outcome = {.repaired = object.at("repaired")}, .recovery = {}};
  DefenseOutcome& outcome = judged.outcome;
  if (!object.at("suspicious").is_null()) {
    outcome.suspicious = object.at("suspicious").get<std::vector<std::size_t>>();
  }
  for (const json& trigger : object.at("triggers")) {
    outcome.triggers.push_back(trigger_from(trigger));
  }
  if (!object.at("backdoored").is_null()) {
    outcome.backdoored = object.at("backdoored").get<bool>();
  }
  for (const auto& [name, value] : object.at("figures").items()) {
    outcome.figures[name] = number_from_json(value);
  }
  if (object.contains("recovery")) {
    judged.recovery =
        RecoveryMetrics{.precision = number_from_json(object.at("recovery").at("precision")),
                        .recall = number_from_json(object.at("recovery").at("recall"))};
  }
  return judged;
} catch (const json::exception& error) {
  throw Error("store.bad-object",
              "`" + (folder / kOutcome).string() + "` is damaged: " + error.what(),
              {"run again with `--fresh`"});
}

MeasuredVictim measured_victim(const DefenseOutcome& outcome) {
  if (outcome.repaired) {
    return MeasuredVictim::repaired;
  }
  return outcome.suspicious && !outcome.suspicious->empty() ? MeasuredVictim::retrained
                                                            : MeasuredVictim::undefended;
}

}  // namespace ncmlab
