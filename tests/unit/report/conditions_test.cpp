// SPDX-License-Identifier: Apache-2.0
#include "report/conditions.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "records.hpp"
#include "report/report.hpp"

namespace ncmlab {
namespace {

using testing::HasSubstr;
using testing::Not;

CellRecord poisoned_cell(const std::string& attack, std::int64_t seed, PoisonCounts counts) {
  CellRecord record = cell(attack, "none", seed, 0.9, 0.99);
  record.poisoning = counts;
  return record;
}

/// Both classes, all of them predicted as `prediction`.
CellRecord collapsed_cell(std::int64_t seed, std::int64_t prediction) {
  CellRecord record = cell("badcode", "none", seed, 0.5, 1);
  for (std::int64_t i = 0; i < 10; ++i) {
    record.outcomes.push_back(
        {.id = std::to_string(i), .label = i % 2, .prediction = prediction, .triggered = {}});
  }
  return record;
}

std::string markdown(const std::vector<CellRecord>& records) {
  return render_report(records, ReportFormat::markdown);
}

TEST(ConditionsTest, ACaptionSaysWhatWasPoisonedOfWhat) {
  const PoisonCounts counts{
      .samples = 1000, .victims = 400, .poisoned = 20, .poisoned_victims = 20, .wanted = 20};
  PoisonCounts other = counts;
  other.poisoned = other.poisoned_victims = 18;
  EXPECT_THAT(markdown({poisoned_cell("badcode", 1, counts), poisoned_cell("dead", 1, other)}),
              HasSubstr("Poisoned for training: badcode 5.0 % of the victim class, 2.0 % of the "
                        "training set; dead 4.5 % of the victim class (its rate asks for "
                        "5.0 %), 1.8 % of the training set."));
  other.victims = 450;
  EXPECT_THAT(markdown({poisoned_cell("badcode", 1, counts), poisoned_cell("badcode", 2, other)}),
              HasSubstr("badcode 4.0 to 5.0 % of the victim class"));
  EXPECT_THAT(markdown({cell("badcode", "none", 1, 0.9, 0.9)}), Not(HasSubstr("Poisoned")));
}

TEST(ConditionsTest, ACaptionNamesCleanSamplesThatWereTrainedOn) {
  CellRecord record = cell("badcode", "none", 1, 0.9, 0.9);
  record.clean_from = "held_out";
  EXPECT_THAT(markdown({record}), Not(HasSubstr("clean_from")));
  record.clean_from = "training";
  EXPECT_THAT(markdown({record}), HasSubstr("clean\\_from = training"));
}

TEST(ConditionsTest, ARowInDoubtHasANote) {
  EXPECT_THAT(markdown({collapsed_cell(1, 1)}),
              HasSubstr("in doubt: all 10 test samples are predicted as one class, label 1"));
  EXPECT_THAT(
      markdown({collapsed_cell(1, 1), collapsed_cell(2, 1), collapsed_cell(3, 0)}),
      HasSubstr("in doubt: all 10 test samples are predicted as one class, label 1 (seed 1, "
                "2); all 10 test samples are predicted as one class, label 0 (seed 3)"));
  EXPECT_THAT(markdown({cell("badcode", "none", 1, 0.9, 0.9)}), Not(HasSubstr("in doubt")));
}

TEST(ConditionsTest, TheBudgetOfDefensesIsNamedAndWhoDepartsFromIt) {
  CellRecord fair = cell("badcode", "fair", 1, 0.9, 0.9);
  CellRecord own = cell("badcode", "own", 1, 0.9, 0.9);
  fair.budget = own.budget = "300 steps";
  own.departures = {"epochs = 9", "rate = 1"};
  const std::string text = markdown({fair, own});
  EXPECT_THAT(text, HasSubstr("Budget of every defense: 300 steps."));
  EXPECT_THAT(text, HasSubstr("departs from the budget: epochs = 9, rate = 1"));
  EXPECT_THAT(markdown({cell("badcode", "none", 1, 0.9, 0.9)}), Not(HasSubstr("udget")));
}

}  // namespace
}  // namespace ncmlab
