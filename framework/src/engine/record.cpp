// SPDX-License-Identifier: Apache-2.0
#include "engine/record.hpp"

#include <nlohmann/json.hpp>

#include "core/parsed_json.hpp"
#include "engine/described_json.hpp"
#include "engine/described_metrics.hpp"
#include "engine/json_number.hpp"
#include "ncmlab/core/diagnostic.hpp"

namespace ncmlab {

using nlohmann::json;

BOOST_DESCRIBE_STRUCT(ClassificationMetrics, (), (accuracy, precision, recall, f1, count))
BOOST_DESCRIBE_STRUCT(AttackMetrics, (),
                      (attack_success_rate, natural_rate, flip_rate, fixed_flip_rate, count,
                       flip_count, fixed_flip_count))
BOOST_DESCRIBE_STRUCT(RetrievalMetrics, (), (mrr, recall, count, pool))
BOOST_DESCRIBE_STRUCT(PromotionMetrics, (), (anr, natural_anr, success, natural, count))
BOOST_DESCRIBE_STRUCT(TriggerReach, (), (carriers, meant))
BOOST_DESCRIBE_STRUCT(TriggerRecord, (), (victim_label, target_label, text, ids, loss, hit_rate))
BOOST_DESCRIBE_STRUCT(DetectionMetrics, (), (flagged, poisoned, hits, clean, auroc, roc))
BOOST_DESCRIBE_STRUCT(FilterMetrics, (),
                      (false_rejection_rate, flagged_clean, clean, triggered, flagged_triggered,
                       auroc, detected, roc))
BOOST_DESCRIBE_STRUCT(PoisonCounts, (), (samples, victims, poisoned, poisoned_victims, wanted))
BOOST_DESCRIBE_STRUCT(StageCost, (), (stage, seconds, forward_rows, backward_rows))
BOOST_DESCRIBE_STRUCT(TriggeredPrediction, (), (target_label, prediction, control_prediction))
BOOST_DESCRIBE_STRUCT(SampleOutcome, (), (id, label, prediction, triggered))
BOOST_DESCRIBE_STRUCT(PromotedRank, (), (before, after))
BOOST_DESCRIBE_STRUCT(PromotedCandidate, (), (target_word, id))
BOOST_DESCRIBE_STRUCT(QueryOutcome, (), (id, rank, untouched, promoted))
BOOST_DESCRIBE_STRUCT(CellRecord, (),
                      (key, task, model, attack, defense, seed, configuration, kind, failure,
                       skipped, clean, attack_metrics, retrieval, untouched, promotion, transfer,
                       reach, triggers, recovery, backdoored, detection, filter, stealth, poisoning,
                       figures, costs, threads, outcomes))

// One object for each test sample: the lists of most are empty.
template <>
constexpr bool kOmitsEmptyLists<SampleOutcome> = true;
template <>
constexpr bool kOmitsEmptyLists<QueryOutcome> = true;

namespace {

constexpr BadJson kBadRecord{
    .code = "store.bad-record", .problem = "is not the record of a cell", .help = kRunAgain};

struct AtRank {
  std::int64_t k = 0;
  double value = 0;
};
BOOST_DESCRIBE_STRUCT(AtRank, (), (k, value))

}  // namespace

template <>
struct JsonForm<std::map<std::int64_t, double>> {
  static json write(const std::map<std::int64_t, double>& values) {
    std::vector<AtRank> entries;
    for (const auto& [k, value] : values) {
      entries.push_back({.k = k, .value = value});
    }
    return json_of(entries);
  }
  static std::map<std::int64_t, double> read(const json& array) {
    std::map<std::int64_t, double> values;
    for (const AtRank& entry : value_of<std::vector<AtRank>>(array)) {
      values[entry.k] = entry.value;
    }
    return values;
  }
};

/// The rates of transfer are null where there are none.
template <>
struct JsonForm<AttackMetrics> {
  static json write(const AttackMetrics& metrics) {
    json object = DescribedForm<AttackMetrics>::write(metrics);
    object["transfer_rate"] = json_of(metrics.transfer_rate);
    object["transfer_natural_rate"] = json_of(metrics.transfer_natural_rate);
    return object;
  }
  static AttackMetrics read(const json& object) {
    AttackMetrics metrics = DescribedForm<AttackMetrics>::read(object);
    const auto rate = [&](const char* name) {
      return value_of<std::optional<double>>(object.at(name));
    };
    metrics.transfer_rate = rate("transfer_rate");
    metrics.transfer_natural_rate = rate("transfer_natural_rate");
    return metrics;
  }
};

/// The ranks stand beside the id.
template <>
struct JsonForm<PromotedCandidate> {
  static json write(const PromotedCandidate& candidate) {
    json object = DescribedForm<PromotedCandidate>::write(candidate);
    object.update(json_of(candidate.rank));
    return object;
  }
  static PromotedCandidate read(const json& object) {
    PromotedCandidate candidate = DescribedForm<PromotedCandidate>::read(object);
    candidate.rank = value_of<PromotedRank>(object);
    return candidate;
  }
};

namespace {

CellRecord record_from(const json& object) {
  CellRecord record = value_of<CellRecord>(object);
  record.limit = object.contains("limit") ? integer_from_json(object.at("limit")) : 0;
  record.clean_from = object.value("clean_from", "");
  record.budget = object.value("budget", "");
  if (object.contains("departures")) {
    record.departures = value_of<std::vector<std::string>>(object.at("departures"));
  }
  if (record.retrieval) {
    record.queries = value_of<std::vector<QueryOutcome>>(object.at("queries"));
  }
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
  json object = json_of(record);
  object["schema"] = kRecordSchema;
  object["clean_from"] = record.clean_from;
  if (record.limit > 0) {
    object["limit"] = record.limit;
  }
  if (!record.budget.empty()) {
    object["budget"] = record.budget;
    object["departures"] = record.departures;
  }
  if (record.retrieval) {
    object["queries"] = json_of(record.queries);
  }
  // A decoded trigger or a plugin's message may hold half a character.
  return object.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
}

CellRecord record_from_json(const std::string& text, const std::string& origin) {
  return take_json(text, origin, kBadRecord, [&](const json& object) {
    check_schema(object, origin);
    return record_from(object);
  });
}

}  // namespace ncmlab
