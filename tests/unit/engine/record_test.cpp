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
  const std::string schema = "\"schema\":4";
  ASSERT_NE(text.find(schema), std::string::npos);
  EXPECT_THROW(
      record_from_json(std::string(text).replace(text.find(schema), schema.size(), "\"schema\":9"),
                       "test"),
      Error);
  for (const char* bad : {"null", "[]", "{}", "{\"schema\":4}", "3"}) {
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
