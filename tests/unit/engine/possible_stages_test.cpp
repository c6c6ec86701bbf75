// SPDX-License-Identifier: Apache-2.0
#include "engine/possible_stages.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ncmlab {
namespace {

using testing::ElementsAre;

Stage stage(const char* kind, std::vector<Edge> needs) {
  return {.subject = {}, .key = Key(kind), .hash = kind, .name = kind, .needs = std::move(needs)};
}

/// 0 decides; 1 is needed where it comes out as `yes`, and needs 2; 3 needs what there is; 4 is
/// needed by both outcomes.
Plan forked() {
  Plan plan;
  const auto when = [](const char* outcome) { return When{.stage = 0, .outcome = outcome}; };
  plan.stages = {stage("decide", {}), stage("deep", {}), stage("yes", {{.role = "a", .stage = 1}}),
                 stage("both", {}),
                 stage("end", {{.role = "decide", .stage = 0},
                               {.role = "b", .stage = 2, .when = when("yes")},
                               {.role = "c", .stage = 3, .when = when("yes")},
                               {.role = "d", .stage = 3, .when = when("no")}})};
  return plan;
}

std::vector<StageSurvey> surveys(StageState of_others) {
  std::vector<StageSurvey> result(5);
  for (StageSurvey& survey : result) {
    survey.state = of_others;
  }
  result[0].state = result[4].state = StageState::pending;
  return result;
}

TEST(PossibleStagesTest, DropsWhatOnlyOtherOutcomesNeedAndWhatThatNeeds) {
  const Plan plan = forked();
  PossibleStages stages(plan, surveys(StageState::possible));
  EXPECT_THAT(stages.rule_out(0, "no"), ElementsAre(2, 1));
  EXPECT_THAT(stages.rule_out(0, "no"), ElementsAre()) << "each once";
}

TEST(PossibleStagesTest, KeepsWhatIsNeededAnyway) {
  const Plan plan = forked();
  EXPECT_THAT(PossibleStages(plan, surveys(StageState::possible)).rule_out(0, "yes"),
              ElementsAre());
  EXPECT_THAT(PossibleStages(plan, surveys(StageState::cached)).rule_out(0, "no"), ElementsAre());
}

}  // namespace
}  // namespace ncmlab
