// SPDX-License-Identifier: Apache-2.0
#include "engine/record.hpp"

#include <nlohmann/json.hpp>

#include "engine/json_number.hpp"
#include "engine/record_outcomes.hpp"
#include "engine/record_stealth.hpp"
#include "ncmlab/core/diagnostic.hpp"

namespace ncmlab {
namespace {

using nlohmann::json;

json to_object(const ClassificationMetrics& metrics) {
  return {{"accuracy", number_to_json(metrics.accuracy)},
          {"precision", number_to_json(metrics.precision)},
          {"recall", number_to_json(metrics.recall)},
          {"f1", number_to_json(metrics.f1)},
          {"count", metrics.count}};
}

ClassificationMetrics classification_from(const json& object) {
  return {.accuracy = number_from_json(object.at("accuracy")),
          .precision = number_from_json(object.at("precision")),
          .recall = number_from_json(object.at("recall")),
          .f1 = number_from_json(object.at("f1")),
          .count = integer_from_json(object.at("count"))};
}

json to_object(const AttackMetrics& metrics) {
  return {
      {"attack_success_rate", number_to_json(metrics.attack_success_rate)},
      {"natural_rate", number_to_json(metrics.natural_rate)},
      {"flip_rate", number_to_json(metrics.flip_rate)},
      {"fixed_flip_rate", number_to_json(metrics.fixed_flip_rate)},
      {"transfer_rate", metrics.transfer_rate ? number_to_json(*metrics.transfer_rate) : json()},
      {"count", metrics.count},
      {"flip_count", metrics.flip_count},
      {"fixed_flip_count", metrics.fixed_flip_count}};
}

AttackMetrics attack_from(const json& object) {
  const json& transfer = object.at("transfer_rate");
  return {.attack_success_rate = number_from_json(object.at("attack_success_rate")),
          .natural_rate = number_from_json(object.at("natural_rate")),
          .flip_rate = number_from_json(object.at("flip_rate")),
          .fixed_flip_rate = number_from_json(object.at("fixed_flip_rate")),
          .transfer_rate =
              transfer.is_null() ? std::nullopt : std::optional(number_from_json(transfer)),
          .count = integer_from_json(object.at("count")),
          .flip_count = integer_from_json(object.at("flip_count")),
          .fixed_flip_count = integer_from_json(object.at("fixed_flip_count"))};
}

json to_object(const TriggerRecord& trigger) {
  return {{"victim_label", trigger.victim_label},
          {"target_label", trigger.target_label},
          {"text", trigger.text},
          {"ids", trigger.ids},
          {"loss", number_to_json(trigger.loss)},
          {"hit_rate", number_to_json(trigger.hit_rate)}};
}

TriggerRecord trigger_from(const json& object) {
  return {.victim_label = integer_from_json(object.at("victim_label")),
          .target_label = integer_from_json(object.at("target_label")),
          .text = object.at("text"),
          .ids = object.at("ids"),
          .loss = number_from_json(object.at("loss")),
          .hit_rate = number_from_json(object.at("hit_rate"))};
}

json to_object(const DetectionMetrics& metrics) {
  return {{"flagged", metrics.flagged},
          {"poisoned", metrics.poisoned},
          {"hits", metrics.hits},
          {"clean", metrics.clean}};
}

DetectionMetrics detection_from(const json& object) {
  return {.flagged = integer_from_json(object.at("flagged")),
          .poisoned = integer_from_json(object.at("poisoned")),
          .hits = integer_from_json(object.at("hits")),
          .clean = integer_from_json(object.at("clean"))};
}

json to_object(const PoisonCounts& counts) {
  return {{"samples", counts.samples},
          {"victims", counts.victims},
          {"poisoned", counts.poisoned},
          {"poisoned_victims", counts.poisoned_victims},
          {"wanted", counts.wanted}};
}

PoisonCounts poisoning_from(const json& object) {
  return {.samples = integer_from_json(object.at("samples")),
          .victims = integer_from_json(object.at("victims")),
          .poisoned = integer_from_json(object.at("poisoned")),
          .poisoned_victims = integer_from_json(object.at("poisoned_victims")),
          .wanted = integer_from_json(object.at("wanted"))};
}

json to_object(const StageCost& cost) {
  return {{"stage", cost.stage},
          {"seconds", number_to_json(cost.seconds)},
          {"forward_rows", cost.forward_rows},
          {"backward_rows", cost.backward_rows}};
}

StageCost cost_from(const json& object) {
  return {.stage = object.at("stage"),
          .seconds = number_from_json(object.at("seconds")),
          .forward_rows = integer_from_json(object.at("forward_rows")),
          .backward_rows = integer_from_json(object.at("backward_rows"))};
}

TaskKind kind_from(const json& name, const std::string& origin) {
  if (const auto kind = from_string<TaskKind>(name.get<std::string>())) {
    return *kind;
  }
  throw Error("store.bad-record", "`" + origin + "` names a kind of task that there is not",
              {kRunAgain});
}

CellRecord record_from(const json& object, const std::string& origin) {
  CellRecord record{.key = object.at("key"),
                    .task = object.at("task"),
                    .model = object.at("model"),
                    .attack = object.at("attack"),
                    .defense = object.at("defense"),
                    .seed = integer_from_json(object.at("seed")),
                    .configuration = object.at("configuration"),
                    .kind = kind_from(object.at("kind"), origin),
                    .failure = object.at("failure"),
                    .skipped = object.at("skipped"),
                    .clean = classification_from(object.at("clean"))};
  if (object.contains("attack_metrics")) {
    record.attack_metrics = attack_from(object.at("attack_metrics"));
  }
  for (const json& trigger : object.at("triggers")) {
    record.triggers.push_back(trigger_from(trigger));
  }
  if (object.contains("recovery")) {
    record.recovery =
        RecoveryMetrics{.precision = number_from_json(object.at("recovery").at("precision")),
                        .recall = number_from_json(object.at("recovery").at("recall"))};
  }
  if (object.contains("backdoored")) {
    record.backdoored = object.at("backdoored").get<bool>();
  }
  if (object.contains("detection")) {
    record.detection = detection_from(object.at("detection"));
  }
  if (object.contains("stealth")) {
    record.stealth = stealth_from(object.at("stealth"));
  }
  if (object.contains("reach")) {
    record.reach = TriggerReach{.carriers = integer_from_json(object.at("reach").at("carriers")),
                                .meant = integer_from_json(object.at("reach").at("meant"))};
  }
  if (object.contains("poisoning")) {
    record.poisoning = poisoning_from(object.at("poisoning"));
  }
  for (const auto& [name, value] : object.at("figures").items()) {
    record.figures[name] = number_from_json(value);
  }
  for (const json& cost : object.at("costs")) {
    record.costs.push_back(cost_from(cost));
  }
  record.limit = object.contains("limit") ? integer_from_json(object.at("limit")) : 0;
  record.threads = integer_from_json(object.at("threads"));
  record.clean_from = object.value("clean_from", "");
  record.budget = object.value("budget", "");
  record.departures = object.value("departures", std::vector<std::string>{});
  read_outcomes(object, record);
  return record;
}

}  // namespace

void check_schema(const nlohmann::json& object, const std::string& origin) {
  const std::int64_t schema = integer_from_json(object.at("schema"));
  if (schema != kRecordSchema) {
    throw Error("store.bad-record",
                "`" + origin + "` has record schema " + std::to_string(schema) +
                    ", this ncmlab reads " + std::to_string(kRecordSchema),
                {kRunAgain});
  }
}

std::string to_json(const CellRecord& record) {
  json object{{"schema", kRecordSchema},
              {"key", record.key},
              {"task", record.task},
              {"model", record.model},
              {"attack", record.attack},
              {"defense", record.defense},
              {"seed", record.seed},
              {"configuration", record.configuration},
              {"kind", to_string(record.kind)},
              {"failure", record.failure},
              {"skipped", record.skipped},
              {"clean", to_object(record.clean)},
              {"triggers", json::array()},
              {"figures", json::object()},
              {"costs", json::array()},
              {"threads", record.threads},
              {"clean_from", record.clean_from}};
  if (record.limit > 0) {
    object["limit"] = record.limit;
  }
  if (!record.budget.empty()) {
    object["budget"] = record.budget;
    object["departures"] = record.departures;
  }
  for (const TriggerRecord& trigger : record.triggers) {
    object["triggers"].push_back(to_object(trigger));
  }
  for (const StageCost& cost : record.costs) {
    object["costs"].push_back(to_object(cost));
  }
  write_outcomes(record, object);
  if (record.attack_metrics) {
    object["attack_metrics"] = to_object(*record.attack_metrics);
  }
  if (record.recovery) {
    object["recovery"] = {{"precision", number_to_json(record.recovery->precision)},
                          {"recall", number_to_json(record.recovery->recall)}};
  }
  if (record.backdoored) {
    object["backdoored"] = *record.backdoored;
  }
  if (record.detection) {
    object["detection"] = to_object(*record.detection);
  }
  if (record.reach) {
    object["reach"] = {{"carriers", record.reach->carriers}, {"meant", record.reach->meant}};
  }
  if (record.poisoning) {
    object["poisoning"] = to_object(*record.poisoning);
  }
  if (record.stealth) {
    object["stealth"] = to_object(*record.stealth);
  }
  for (const auto& [name, value] : record.figures) {
    object["figures"][name] = number_to_json(value);
  }
  // A decoded trigger or a plugin's message may hold half a character.
  return object.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
}

CellRecord record_from_json(const std::string& text, const std::string& origin) {
  try {
    const json object = json::parse(text);
    check_schema(object, origin);
    return record_from(object, origin);
  } catch (const json::exception& error) {
    throw Error("store.bad-record", "`" + origin + "` is not the record of a cell: " + error.what(),
                {kRunAgain});
  }
}

}  // namespace ncmlab
