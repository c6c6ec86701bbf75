// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>

#include "engine/json_number.hpp"
#include "engine/promises.hpp"
#include "engine/stages.hpp"
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

json to_object(const DefenseOutcome& outcome) {
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
class DefenseProgress final : public Progress {
 public:
  explicit DefenseProgress(Progress& progress) : progress_(progress) {}
  void begin(std::string_view what, std::int64_t total) override { progress_.begin(what, total); }
  void advance(std::int64_t steps, std::string_view detail) override {
    progress_.advance(steps, detail);
  }
  void log(std::string_view line) override { progress_.log(line); }
  bool cancelled() const override { return progress_.cancelled(); }

 private:
  Progress& progress_;
};

}  // namespace

WorkDone write_defense(const Plan& plan, const Cell& cell, Materials& materials,
                       const Victim& victim, const std::vector<Example>& train,
                       const std::filesystem::path& folder, Progress& progress) {
  const Defense& defense = *plan.defenses[cell.defense];
  const DefenseNeeds needs = defense.needs();
  Victim copy = victim.clone();
  copy.work() = {};
  DefenseProgress defense_progress(progress);
  DefenseContext context{
      .victim = copy,
      .task = TaskView(*plan.tasks[cell.task]),
      .clean_samples = needs.clean_samples ? numbered(materials.clean_samples(cell), "clean-")
                                           : std::vector<Example>{},
      .training_set = needs.training_set ? numbered(train, "train-") : std::vector<Example>{},
      .rng = Rng(static_cast<std::uint64_t>(cell.seed)).stream("defend"),
      .progress = defense_progress};
  DefenseOutcome outcome = defense.defend(context);
  for (const std::string& remark : check_outcome(defense, outcome, copy, victim, train.size())) {
    progress.log("note: defense `" + plan.experiment.defenses[cell.defense].label + "` " + remark);
  }
  progress.check();
  if (outcome.repaired) {
    copy.save(folder / "checkpoint");
  }
  write_file_atomically(
      folder / kOutcome,
      to_object(outcome).dump(-1, ' ', false, json::error_handler_t::replace) + "\n");
  return {.forward_rows = copy.work().forward_rows, .backward_rows = copy.work().backward_rows};
}

DefenseOutcome read_outcome(const std::filesystem::path& folder) try {
  const json object = json::parse(read_file(folder / kOutcome));
  DefenseOutcome outcome{.repaired = object.at("repaired")};
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
  return outcome;
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
