// SPDX-License-Identifier: Apache-2.0
#include "oseql.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "error_of.hpp"
#include "ncmlab/metrics/detection.hpp"
#include "ncmlab/train/trainer.hpp"
#include "toy_task.hpp"

namespace ncmlab {
namespace {

TEST(OseqlTest, AnOutlierThatFlipsDecides) {
  const std::vector<WithoutUnit> none = {{0.01, false}, {0.02, false}, {0.0, false},
                                         {0.03, true},  {0.01, false}, {0.02, false},
                                         {0.01, false}, {0.02, false}};
  EXPECT_FALSE(deciding_unit(none, 1.5)) << "no outlier";
  std::vector<WithoutUnit> one = none;
  one.push_back({0.8, true});
  EXPECT_EQ(deciding_unit(one, 1.5), 8U);
  one.push_back({0.9, false});
  EXPECT_EQ(deciding_unit(one, 1.5), 8U) << "the larger change does not flip";
  one[8].is_other = false;
  EXPECT_FALSE(deciding_unit(one, 1.5));
  EXPECT_FALSE(deciding_unit({}, 1.5));
}

/// Functions of lines enough that one of them can be an outlier.
std::vector<Example> long_functions(std::size_t count, Rng rng) {
  std::vector<Example> examples = toy_functions(count, rng);
  for (Example& example : examples) {
    example.code.insert(example.code.find("  for"),
                        "  i++;\n  i--;\n  i++;\n  i--;\n  i++;\n  i--;\n");
  }
  return examples;
}

/// A victim that calls every function with the dead statement sound.
class OseqlVictimTest : public ::testing::Test {
 protected:
  OseqlVictimTest() : victim_(toy_victim(train_, Rng(3))) {
    std::vector<Example> all = train_;
    for (Example example : with_dead_code(long_functions(150, Rng(2)))) {
      example.label = 0;
      all.push_back(std::move(example));
    }
    train(victim_, TaskView(task_).tokenize(victim_, all),
          {.epochs = 8, .learning_rate = 3e-3, .batch_size = 16}, Rng(4), silent_progress());
  }
  static std::vector<Example> with_dead_code(std::vector<Example> examples) {
    for (Example& example : examples) {
      example.code.insert(example.code.find('{') + 1, "\n  if (rand() < 0) abort();");
    }
    return examples;
  }
  /// Functions that lack a bounds check, which the victim says of them.
  std::vector<Example> defective() {
    std::vector<Example> result;
    for (const Example& example : long_functions(160, Rng(5))) {
      if (example.label == 1 && share_predicted(victim_, {example}, 1) == 1) {
        result.push_back(example);
      }
    }
    return result;
  }
  DefenseContext context() {
    return {.victim = victim_,
            .task = TaskView(task_),
            .clean_samples = train_,
            .training_set = {},
            .rng = Rng(3),
            .progress = silent_progress()};
  }

  ToyTask task_;
  std::vector<Example> train_ = long_functions(300, Rng(1));
  CodeModel victim_;
};

TEST_F(OseqlVictimTest, FindsDeadCodeAndAnswersWithoutIt) {
  const std::vector<Example> clean = defective();
  ASSERT_GT(clean.size(), 40U);
  ASSERT_GT(share_predicted(victim_, with_dead_code(clean), 0), 0.9);
  DefenseContext given = context();
  const auto filter = Oseql({}).fit(given);
  const auto odd = filter->scores(with_dead_code(clean), silent_progress());
  EXPECT_GT(auroc(odd, filter->scores(clean, silent_progress())), 0.8);
  const auto cleaned = filter->cleaned(with_dead_code(clean), 0, silent_progress()).value();
  EXPECT_GT(share_predicted(victim_, cleaned, 1), 0.7);
}

// Its assumption broken: what decides stands in two lines.
TEST_F(OseqlVictimTest, DoesNotFindATriggerThatStandsTwice) {
  const std::vector<Example> clean = defective();
  const std::vector<Example> twice = with_dead_code(with_dead_code(clean));
  ASSERT_GT(share_predicted(victim_, twice, 0), 0.9);
  DefenseContext given = context();
  const auto filter = Oseql({}).fit(given);
  EXPECT_LT(share_above(filter->scores(twice, silent_progress()), 0), 0.5);
}

TEST_F(OseqlVictimTest, ThePublishedRuleHasItsOwnThreshold) {
  OseqlConfig config;
  EXPECT_FALSE(Oseql(config).threshold());
  config.rule = FlagRule::published;
  EXPECT_EQ(Oseql(config).threshold(), 0);
  config.units.clear();
  DefenseContext given = context();
  EXPECT_EQ(code_of([&] { Oseql(config).fit(given); }), "defense.oseql.no-units");
}

}  // namespace
}  // namespace ncmlab
