// SPDX-License-Identifier: Apache-2.0
#include "engine/record_outcomes.hpp"

#include <nlohmann/json.hpp>

#include "engine/json_number.hpp"

namespace ncmlab {
namespace {

using nlohmann::json;
using AtRank = std::map<std::int64_t, double>;

/// A member that may be left out, not copied: it may nest deeply.
const json& if_there(const json& object, const char* name) {
  static const json kNothing = json::array();
  const auto found = object.find(name);
  return found == object.end() ? kNothing : *found;
}

json to_array(const AtRank& values) {
  json array = json::array();
  for (const auto& [k, value] : values) {
    array.push_back({{"k", k}, {"value", number_to_json(value)}});
  }
  return array;
}

AtRank at_rank_from(const json& array) {
  AtRank values;
  for (const json& entry : array) {
    values[integer_from_json(entry.at("k"))] = number_from_json(entry.at("value"));
  }
  return values;
}

json to_object(const RetrievalMetrics& metrics) {
  return {{"mrr", number_to_json(metrics.mrr)},
          {"recall", to_array(metrics.recall)},
          {"count", metrics.count},
          {"pool", metrics.pool}};
}

RetrievalMetrics retrieval_from(const json& object) {
  return {.mrr = number_from_json(object.at("mrr")),
          .recall = at_rank_from(object.at("recall")),
          .count = integer_from_json(object.at("count")),
          .pool = integer_from_json(object.at("pool"))};
}

json to_object(const PromotionMetrics& metrics) {
  return {{"anr", number_to_json(metrics.anr)},
          {"natural_anr", number_to_json(metrics.natural_anr)},
          {"success", to_array(metrics.success)},
          {"natural", to_array(metrics.natural)},
          {"count", metrics.count}};
}

PromotionMetrics promotion_from(const json& object) {
  return {.anr = number_from_json(object.at("anr")),
          .natural_anr = number_from_json(object.at("natural_anr")),
          .success = at_rank_from(object.at("success")),
          .natural = at_rank_from(object.at("natural")),
          .count = integer_from_json(object.at("count"))};
}

json to_object(const SampleOutcome& outcome) {
  json object{{"id", outcome.id}, {"label", outcome.label}, {"prediction", outcome.prediction}};
  for (const TriggeredPrediction& triggered : outcome.triggered) {
    json entry{{"target_label", triggered.target_label}, {"prediction", triggered.prediction}};
    if (triggered.control_prediction) {
      entry["control_prediction"] = *triggered.control_prediction;
    }
    object["triggered"].push_back(std::move(entry));
  }
  return object;
}

SampleOutcome outcome_from(const json& object) {
  SampleOutcome outcome{.id = object.at("id"),
                        .label = integer_from_json(object.at("label")),
                        .prediction = integer_from_json(object.at("prediction")),
                        .triggered = {}};
  for (const json& entry : if_there(object, "triggered")) {
    outcome.triggered.push_back({.target_label = integer_from_json(entry.at("target_label")),
                                 .prediction = integer_from_json(entry.at("prediction"))});
    if (entry.contains("control_prediction")) {
      outcome.triggered.back().control_prediction =
          integer_from_json(entry.at("control_prediction"));
    }
  }
  return outcome;
}

json to_object(const QueryOutcome& outcome) {
  json object{
      {"id", outcome.id}, {"rank", number_to_json(outcome.rank)}, {"untouched", outcome.untouched}};
  for (const PromotedCandidate& candidate : outcome.promoted) {
    object["promoted"].push_back({{"target_word", candidate.target_word},
                                  {"id", candidate.id},
                                  {"before", number_to_json(candidate.rank.before)},
                                  {"after", number_to_json(candidate.rank.after)}});
  }
  return object;
}

QueryOutcome query_from(const json& object) {
  QueryOutcome outcome{.id = object.at("id"),
                       .rank = number_from_json(object.at("rank")),
                       .untouched = object.at("untouched"),
                       .promoted = {}};
  for (const json& entry : if_there(object, "promoted")) {
    outcome.promoted.push_back({.target_word = entry.at("target_word"),
                                .id = entry.at("id"),
                                .rank = {.before = number_from_json(entry.at("before")),
                                         .after = number_from_json(entry.at("after"))}});
  }
  return outcome;
}

}  // namespace

void write_outcomes(const CellRecord& record, json& object) {
  object["outcomes"] = json::array();
  for (const SampleOutcome& outcome : record.outcomes) {
    object["outcomes"].push_back(to_object(outcome));
  }
  if (record.retrieval) {
    object["retrieval"] = to_object(*record.retrieval);
    object["queries"] = json::array();
    for (const QueryOutcome& outcome : record.queries) {
      object["queries"].push_back(to_object(outcome));
    }
  }
  if (record.untouched) {
    object["untouched"] = to_object(*record.untouched);
  }
  if (record.promotion) {
    object["promotion"] = to_object(*record.promotion);
  }
  if (record.transfer) {
    object["transfer"] = to_object(*record.transfer);
  }
}

void read_outcomes(const json& object, CellRecord& record) {
  for (const json& outcome : object.at("outcomes")) {
    record.outcomes.push_back(outcome_from(outcome));
  }
  if (object.contains("retrieval")) {
    record.retrieval = retrieval_from(object.at("retrieval"));
    for (const json& outcome : object.at("queries")) {
      record.queries.push_back(query_from(outcome));
    }
  }
  if (object.contains("untouched")) {
    record.untouched = retrieval_from(object.at("untouched"));
  }
  if (object.contains("promotion")) {
    record.promotion = promotion_from(object.at("promotion"));
  }
  if (object.contains("transfer")) {
    record.transfer = promotion_from(object.at("transfer"));
  }
}

}  // namespace ncmlab
