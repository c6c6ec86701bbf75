// SPDX-License-Identifier: Apache-2.0
#include "engine/record.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "error_of.hpp"
#include "ncmlab/core/diagnostic.hpp"

namespace ncmlab {
namespace {

CellRecord full_record() {
  CellRecord record;
  record.key = "0123";
  record.task = "toy";
  record.model = "echo";
  record.attack = "badcode[rate=0.1]";
  record.defense = "eli";
  record.seed = -7;
  record.configuration = {{"model.layers", "2"}, {"task.data", "\"a.jsonl\""}};
  record.clean = {.accuracy = 0.1, .precision = 1.0 / 3, .recall = 1, .f1 = 0.5, .count = 9};
  record.attack_metrics = AttackMetrics{.attack_success_rate = 0.99,
                                        .natural_rate = 0.2,
                                        .flip_rate = 0.7,
                                        .fixed_flip_rate = 0.6,
                                        .transfer_rate = 0.25,
                                        .transfer_natural_rate = 0.125,
                                        .count = 5,
                                        .flip_count = 4,
                                        .fixed_flip_count = 3};
  record.reach = TriggerReach{.carriers = 5, .meant = 9};
  record.triggers = {{.victim_label = 1,
                      .target_label = 0,
                      .text = "\"rb\"\n",
                      .ids = {3, 5},
                      .loss = std::numeric_limits<double>::infinity(),
                      .hit_rate = 0.5}};
  record.recovery = RecoveryMetrics{.precision = 0.5, .recall = 1};
  record.backdoored = false;
  record.detection = DetectionMetrics{.flagged = 4, .poisoned = 3, .hits = 2, .clean = 90};
  record.stealth = StealthMetrics{.edits = 3,
                                  .parse_rate = 2.0 / 3,
                                  .token_edits = 1.5,
                                  .new_names = -2.25,
                                  .old_names = std::nullopt};
  record.figures = {{"gap", -1e-300}, {"nothing", std::numeric_limits<double>::quiet_NaN()}};
  record.costs = {{.stage = "victim", .seconds = 1.25, .forward_rows = 10, .backward_rows = 20}};
  record.threads = 2;
  record.clean_from = "held_out";
  record.budget = "300 steps";
  record.departures = {"epochs = 9"};
  record.poisoning =
      PoisonCounts{.samples = 90, .victims = 40, .poisoned = 5, .poisoned_victims = 4, .wanted = 6};
  record.outcomes = {{.id = "a",
                      .label = 1,
                      .prediction = 0,
                      .triggered = {{.target_label = 0, .prediction = 0, .control_prediction = 1}}},
                     {.id = "b", .label = 0, .prediction = 0, .triggered = {}}};
  return record;
}

TEST(RecordTest, ReadsBackWhatItWrote) {
  const std::string text = to_json(full_record());
  const CellRecord back = record_from_json(text, "test");
  EXPECT_EQ(to_json(back), text);
  EXPECT_EQ(back.seed, -7);
  EXPECT_EQ(back.configuration, full_record().configuration);
  EXPECT_EQ(back.clean.precision, 1.0 / 3);
  EXPECT_EQ(back.attack_metrics->flip_count, 4);
  EXPECT_EQ(back.attack_metrics->fixed_flip_count, 3);
  EXPECT_EQ(back.attack_metrics->transfer_rate, 0.25);
  EXPECT_EQ(back.attack_metrics->transfer_natural_rate, 0.125);
  EXPECT_EQ(back.reach->meant, 9);
  EXPECT_TRUE(std::isinf(back.triggers[0].loss));
  EXPECT_EQ(back.backdoored, false);
  EXPECT_EQ(back.detection->clean, 90);
  EXPECT_EQ(back.stealth, full_record().stealth);
  EXPECT_EQ(back.figures.at("gap"), -1e-300);
  EXPECT_TRUE(std::isnan(back.figures.at("nothing")));
  EXPECT_EQ(back.costs[0].backward_rows, 20);
  ASSERT_EQ(back.outcomes[0].triggered.size(), 1U);
  EXPECT_EQ(back.outcomes[0].triggered[0].prediction, 0);
  EXPECT_EQ(back.outcomes[0].triggered[0].control_prediction, 1);
  EXPECT_TRUE(back.outcomes[1].triggered.empty());
}

/// A record of a retrieval task.
CellRecord retrieval_record() {
  CellRecord record;
  record.kind = TaskKind::retrieval;
  record.limit = 50;
  record.retrieval = RetrievalMetrics{.mrr = 0.5, .recall = {{1, 0.25}, {5, 1}}, .count = 4};
  record.promotion = PromotionMetrics{
      .anr = 0.5, .natural_anr = 0.75, .success = {{1, 0}}, .natural = {}, .count = 2};
  record.queries = {
      {.id = "q",
       .rank = 1.5,
       .untouched = false,
       .promoted = {{.target_word = "file", .id = "c", .rank = {.before = 2, .after = 1}}}},
      {.id = "r", .rank = 1, .untouched = true, .promoted = {}}};
  return record;
}

TEST(RecordTest, HasTheFormOfItsSchema) {
  const nlohmann::json cell = nlohmann::json::parse(to_json(full_record()));
  EXPECT_EQ(
      cell.at("attack_metrics").dump(),
      R"({"attack_success_rate":0.99,"count":5,"fixed_flip_count":3,"fixed_flip_rate":0.6,)"
      R"("flip_count":4,"flip_rate":0.7,"natural_rate":0.2,"transfer_natural_rate":0.125,"transfer_rate":0.25})");
  EXPECT_EQ(cell.at("triggers").dump(),
            R"([{"hit_rate":0.5,"ids":[3,5],"loss":"inf","target_label":0,"text":"\"rb\"\n",)"
            R"("victim_label":1}])");
  EXPECT_EQ(cell.at("stealth").dump(),
            R"({"edits":3,"new_names":-2.25,"parse_rate":0.6666666666666666,"token_edits":1.5})");
  EXPECT_EQ(cell.at("figures").dump(), R"({"gap":-1e-300,"nothing":"nan"})");
  EXPECT_EQ(cell.at("outcomes").dump(),
            R"([{"id":"a","label":1,"prediction":0,"triggered":[{"control_prediction":1,)"
            R"("prediction":0,"target_label":0}]},{"id":"b","label":0,"prediction":0}])");
  EXPECT_EQ(to_json(retrieval_record()),
            R"({"attack":"","clean":{"accuracy":0.0,"count":0,"f1":0.0,"precision":0.0,)"
            R"("recall":0.0},"clean_from":"","configuration":{},"costs":[],"defense":"",)"
            R"("failure":"","figures":{},"key":"","kind":"retrieval","limit":50,"model":"",)"
            R"("outcomes":[],"promotion":{"anr":0.5,"count":2,"natural":[],"natural_anr":0.75,)"
            R"("success":[{"k":1,"value":0.0}]},"queries":[{"id":"q","promoted":[{"after":1.0,)"
            R"("before":2.0,"id":"c","target_word":"file"}],"rank":1.5,"untouched":false},)"
            R"({"id":"r","rank":1.0,"untouched":true}],"retrieval":{"count":4,"mrr":0.5,"pool":0,)"
            R"("recall":[{"k":1,"value":0.25},{"k":5,"value":1.0}]},"schema":5,"seed":0,)"
            R"("skipped":"","task":"","threads":0,"triggers":[]})"
            "\n");
}

TEST(RecordTest, ReadsBackARecordOfRetrieval) {
  const CellRecord back = record_from_json(to_json(retrieval_record()), "test");
  EXPECT_EQ(to_json(back), to_json(retrieval_record()));
  EXPECT_EQ(back.limit, 50);
  EXPECT_EQ(back.retrieval->recall.at(5), 1);
  ASSERT_EQ(back.queries.size(), 2U);
  ASSERT_EQ(back.queries[0].promoted.size(), 1U);
  EXPECT_EQ(back.queries[0].promoted[0].rank.before, 2);
  EXPECT_TRUE(back.queries[1].untouched);
}

TEST(RecordTest, NoTransferRateIsNull) {
  CellRecord record = full_record();
  record.attack_metrics->transfer_rate.reset();
  const std::string text = to_json(record);
  EXPECT_THAT(text, testing::HasSubstr("\"transfer_rate\":null"));
  EXPECT_FALSE(record_from_json(text, "test").attack_metrics->transfer_rate);
}

TEST(RecordTest, LeavesOutWhatIsNotThere) {
  CellRecord failed;
  failed.failure = "victim: loss is not finite";
  const CellRecord back = record_from_json(to_json(failed), "test");
  EXPECT_EQ(back.failure, failed.failure);
  EXPECT_FALSE(back.attack_metrics || back.recovery || back.backdoored || back.detection);
}

TEST(RecordTest, KeepsTextThatIsNotUtf8Readable) {
  CellRecord record;
  record.failure = "half a character: \xC3";
  EXPECT_EQ(record_from_json(to_json(record), "test").failure, "half a character: \xEF\xBF\xBD");
}

TEST(RecordTest, EveryTruncationIsAnErrorThatNamesTheOrigin) {
  const std::string text = to_json(full_record());
  for (std::size_t length = 0; length + 2 < text.size(); length += 3) {
    try {
      record_from_json(text.substr(0, length), "runs/x.json");
      FAIL() << length;
    } catch (const Error& error) {
      EXPECT_EQ(error.diagnostics()[0].code, "store.bad-record");
      EXPECT_THAT(error.what(), testing::HasSubstr("runs/x.json"));
    }
  }
}

TEST(RecordTest, RefusesOtherSchemasAndTypes) {
  std::string text = to_json(full_record());
  const std::string schema = "\"schema\":5";
  ASSERT_NE(text.find(schema), std::string::npos);
  EXPECT_THROW(
      record_from_json(std::string(text).replace(text.find(schema), schema.size(), "\"schema\":9"),
                       "test"),
      Error);
  for (const char* bad : {"null", "[]", "{}", "{\"schema\":5}", "3"}) {
    EXPECT_THROW(record_from_json(bad, "test"), Error) << bad;
  }
}

/// The record's JSON with `value` in the place of each member, also of members of members.
std::vector<std::string> with_each_member(const nlohmann::json& value) {
  const nlohmann::json whole = nlohmann::json::parse(to_json(full_record()));
  const nlohmann::json flat = whole.flatten();
  std::vector<std::string> texts;
  for (const auto& [path, ignored] : flat.items()) {
    nlohmann::json::json_pointer place(path);
    for (; !place.empty(); place = place.parent_pointer()) {
      nlohmann::json changed = whole;
      changed[place] = value;
      texts.push_back(changed.dump());
    }
  }
  return texts;
}

TEST(RecordTest, AValueOfAnotherTypeIsReadOrIsAnErrorThatNamesTheOrigin) {
  std::size_t errors = 0, texts = 0;
  for (const char* value : {"null", "true", "-1", "1e300", "18446744073709551615", "\"nan\"",
                            "\"text\"", "[]", "{}", "[[[[1]]]]", "{\"k\":{\"k\":-3}}"}) {
    for (const std::string& text : with_each_member(nlohmann::json::parse(value))) {
      ++texts;
      try {
        record_from_json(text, "runs/x.json");
      } catch (const Error& error) {
        ++errors;
        EXPECT_EQ(error.diagnostics()[0].code, "store.bad-record") << text;
        EXPECT_THAT(error.what(), testing::HasSubstr("runs/x.json")) << text;
      }
    }
  }
  EXPECT_GT(errors, texts / 2);
}

TEST(RecordTest, IntegersAreNotConverted) {
  for (const char* value : {"3.5", "1e300", "true", "18446744073709551615", "\"3\""}) {
    std::string text = to_json(full_record());
    const std::string seed = "\"seed\":-7";
    ASSERT_NE(text.find(seed), std::string::npos);
    text.replace(text.find(seed), seed.size(), std::string("\"seed\":") + value);
    EXPECT_EQ(code_of([&] { record_from_json(text, "test"); }), "store.bad-record") << value;
  }
}

TEST(RecordTest, DeepNestingInASampleIsAnError) {
  constexpr std::size_t kLevels = 1'000'000;
  std::string text = to_json(full_record());
  const std::string triggered = "\"triggered\":[";
  ASSERT_NE(text.find(triggered), std::string::npos);
  text.replace(text.find(triggered), triggered.size(),
               "\"triggered\":[" + std::string(kLevels, '[') + std::string(kLevels, ']') + ",");
  EXPECT_EQ(code_of([&] { record_from_json(text, "test"); }), "store.bad-record");
}

TEST(RecordTest, DeepNestingIsAnError) {
  constexpr std::size_t kLevels = 1'000'000;
  for (const auto& [open, close] : {std::pair("[", "]"), std::pair("{\"schema\":", "}")}) {
    std::string text;
    for (std::size_t i = 0; i < kLevels; ++i) {
      text += open;
    }
    text += "1";
    for (std::size_t i = 0; i < kLevels; ++i) {
      text += close;
    }
    EXPECT_EQ(code_of([&] { record_from_json(text, "test"); }), "store.bad-record");
    EXPECT_EQ(code_of([&] { record_from_json("{\"schema\":" + text + "}", "test"); }),
              "store.bad-record");
  }
}

}  // namespace
}  // namespace ncmlab
