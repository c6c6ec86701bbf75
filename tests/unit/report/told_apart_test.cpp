// SPDX-License-Identifier: Apache-2.0
#include "report/told_apart.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "error_of.hpp"
#include "records.hpp"
#include "report/report.hpp"

namespace ncmlab {
namespace {

using testing::HasSubstr;
using testing::Not;

using Parts = std::map<std::string, std::string>;
using Labels = std::vector<std::string>;

constexpr const char* kDigest = "0123456789abcdef0123456789abcdef";
constexpr const char* kOtherDigest = "fedcba9876543210fedcba9876543210";

const Parts kConfiguration = {
    {"task.format", "\"devign\""}, {"task files", kDigest},         {"task.max_tokens", "256"},
    {"model.layers", "2"},         {"training.epochs", "3"},        {"attack.rate", "0.05"},
    {"defense.library", kDigest},  {"software.libncmlab", kDigest}, {"threads", "2"}};

CellRecord configured(const std::string& attack, const std::string& defense, std::int64_t seed,
                      const Parts& changed = {}) {
  CellRecord record = cell(attack, defense, seed, 0.9, 0.5);
  record.configuration = kConfiguration;
  for (const auto& [name, value] : changed) {
    record.configuration[name] = value;
  }
  return record;
}

/// The labels of an axis, each once.
Labels labels(const std::vector<CellRecord>& records, std::string CellRecord::*axis) {
  Labels result;
  for (const CellRecord& record : told_apart(records)) {
    if (std::ranges::find(result, record.*axis) == result.end()) {
      result.push_back(record.*axis);
    }
  }
  return result;
}

TEST(ToldApartTest, SeedsOfOneConfigurationKeepTheirLabels) {
  const std::vector<CellRecord> records = {configured("b", "x", 1), configured("b", "x", 2),
                                           configured("b", "x", 3)};
  EXPECT_EQ(labels(records, &CellRecord::task), Labels{"task"});
  EXPECT_EQ(labels(records, &CellRecord::model), Labels{"tiny"});
  EXPECT_THAT(render_report(records, ReportFormat::markdown), HasSubstr("Means over 3 seeds"));
}

TEST(ToldApartTest, WhatDiffersIsInTheLabelOfItsAxis) {
  const auto differing = [](const std::string& part, const std::string& value) {
    return std::vector<CellRecord>{configured("b", "x", 1),
                                   configured("b", "x", 2, {{part, value}})};
  };
  EXPECT_EQ(labels(differing("task.format", "\"json_lines\""), &CellRecord::task),
            (Labels{"task[format=devign]", "task[format=json_lines]"}));
  EXPECT_EQ(labels(differing("task.max_tokens", "512"), &CellRecord::task),
            (Labels{"task[max_tokens=256]", "task[max_tokens=512]"}));
  EXPECT_EQ(labels(differing("clean_share", "0.2"), &CellRecord::task),
            (Labels{"task[clean_share=absent]", "task[clean_share=0.2]"}));
  EXPECT_EQ(labels(differing("limit", "10"), &CellRecord::task),
            (Labels{"task[limit=absent]", "task[limit=10]"}));
  EXPECT_EQ(labels(differing("defense budget_steps", "7"), &CellRecord::defense),
            (Labels{"x[budget_steps=absent]", "x[budget_steps=7]"}));
  EXPECT_EQ(labels(differing("model files", kOtherDigest), &CellRecord::model),
            (Labels{"tiny[files=absent]", "tiny[files=fedcba98]"}));
  EXPECT_EQ(labels(differing("training.epochs", "5"), &CellRecord::model),
            (Labels{"tiny[epochs=3]", "tiny[epochs=5]"}));
  EXPECT_EQ(labels(differing("threads", "8"), &CellRecord::model),
            (Labels{"tiny[threads=2]", "tiny[threads=8]"}));
  EXPECT_EQ(labels(differing("attack.rate", "0.1"), &CellRecord::attack),
            (Labels{"b[rate=0.05]", "b[rate=0.1]"}));
  EXPECT_EQ(labels(differing("surrogate.model.layers", "1"), &CellRecord::attack),
            (Labels{"b[layers=absent]", "b[layers=1]"}));
  EXPECT_EQ(labels(differing("defense.library", kOtherDigest), &CellRecord::defense),
            (Labels{"x[library=01234567]", "x[library=fedcba98]"}));
  EXPECT_EQ(labels(differing("software.libncmlab", kOtherDigest), &CellRecord::model),
            (Labels{"tiny[libncmlab=01234567]", "tiny[libncmlab=fedcba98]"}));
}

TEST(ToldApartTest, NothingThatDiffersIsAveraged) {
  const std::vector<CellRecord> records = {configured("b", "x", 1),
                                           configured("b", "x", 2, {{"task.max_tokens", "512"}})};
  for (const ReportFormat format :
       {ReportFormat::terminal, ReportFormat::markdown, ReportFormat::latex, ReportFormat::json}) {
    EXPECT_THAT(render_report(records, format), Not(HasSubstr("Means over 2 seeds")));
  }
  EXPECT_THAT(render_report(records, ReportFormat::csv),
              testing::AllOf(HasSubstr("task[max_tokens=256],tiny,b,x,1"),
                             HasSubstr("task[max_tokens=512],tiny,b,x,2")));
  const std::vector<CellRecord> models = {configured("b", "x", 1),
                                          configured("b", "x", 2, {{"training.epochs", "5"}})};
  EXPECT_THAT(render_report(models, ReportFormat::markdown),
              testing::AllOf(Not(HasSubstr("Means over 2 seeds")), HasSubstr(R"(tiny\[epochs=5\])"),
                             HasSubstr("(n=1)")));
}

TEST(ToldApartTest, DigestsAreShownOnlyWhereSettingsDoNotTell) {
  const std::vector<CellRecord> both = {
      configured("b", "x", 1),
      configured("b", "x", 1, {{"task.format", "\"json_lines\""}, {"task files", kOtherDigest}})};
  EXPECT_EQ(labels(both, &CellRecord::task),
            (Labels{"task[format=devign]", "task[format=json_lines]"}));
  const std::vector<CellRecord> content = {configured("b", "x", 1),
                                           configured("b", "x", 1, {{"task files", kOtherDigest}})};
  EXPECT_EQ(labels(content, &CellRecord::task),
            (Labels{"task[files=01234567]", "task[files=fedcba98]"}));
}

TEST(ToldApartTest, AddsToTheSettingsThatALabelHasAlready) {
  const std::vector<CellRecord> records = {
      configured("b[rate=0.05]", "x", 1),
      configured("b[rate=0.05]", "x", 1, {{"attack.mode", "\"s\""}})};
  EXPECT_EQ(labels(records, &CellRecord::attack),
            (Labels{"b[rate=0.05,mode=absent]", "b[rate=0.05,mode=s]"}));
}

TEST(ToldApartTest, LongAndManyDifferencesAreStillTwoLabels) {
  const std::string folder(300, 'd');
  const std::vector<CellRecord> ends_alike = {
      configured("b", "x", 1, {{"task.format", "\"a/" + folder + "\""}}),
      configured("b", "x", 1, {{"task.format", "\"b/" + folder + "\""}})};
  const Labels long_labels = labels(ends_alike, &CellRecord::task);
  EXPECT_EQ(long_labels.size(), 2U);
  EXPECT_LT(long_labels[0].size(), 100U);
  Parts many;
  for (int i = 0; i < 20; ++i) {
    many["model.setting_" + std::to_string(i)] = "1";
  }
  const std::vector<CellRecord> records = {configured("b", "x", 1), configured("b", "x", 1, many)};
  const Labels many_labels = labels(records, &CellRecord::model);
  EXPECT_EQ(many_labels.size(), 2U);
  EXPECT_THAT(many_labels[0], HasSubstr("configuration="));
  EXPECT_LT(many_labels[0].size(), 150U);
}

TEST(ToldApartTest, ControlsKeepTheirLabelAndAreNotMixed) {
  const std::vector<CellRecord> models = {configured("none", "none", 1),
                                          configured("none", "none", 2, {{"model.layers", "4"}})};
  EXPECT_EQ(labels(models, &CellRecord::attack), Labels{"none"});
  EXPECT_EQ(labels(models, &CellRecord::model), (Labels{"tiny[layers=2]", "tiny[layers=4]"}));
  const std::vector<CellRecord> controls = {
      configured("none", "none", 1), configured("none", "none", 2, {{"defense.library", "other"}})};
  const Diagnostic error = error_of([&] { told_apart(controls); });
  EXPECT_EQ(error.code, "usage.conflicting-records");
  EXPECT_THAT(error.message, HasSubstr("`defense.library`"));
}

TEST(ToldApartTest, ASettingMayDifferBetweenTasksAndModelsOfOneRun) {
  std::vector<CellRecord> records = {configured("b", "x", 1, {{"attack.goals", "0->1"}}),
                                     configured("b", "x", 1, {{"attack.goals", "1->0"}})};
  records[1].task = "other";
  EXPECT_EQ(labels(records, &CellRecord::attack), Labels{"b"});
}

TEST(ToldApartTest, ARepetitionMayTakeAnotherTimeButGiveNoOtherFigure) {
  std::vector<CellRecord> records = {configured("b", "x", 1), configured("b", "x", 1)};
  records[1].costs[0].seconds += 1;
  EXPECT_THAT(render_report(records, ReportFormat::markdown), HasSubstr("One seed (1)"));
  records[1].clean.accuracy += 0.01;
  const Diagnostic error = error_of([&] { render_report(records, ReportFormat::csv); });
  EXPECT_EQ(error.code, "usage.conflicting-records");
  EXPECT_THAT(error.message, HasSubstr("their results are not"));
}

}  // namespace
}  // namespace ncmlab
