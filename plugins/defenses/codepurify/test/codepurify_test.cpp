// SPDX-License-Identifier: Apache-2.0
#include "codepurify.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include <cmath>

#include "error_of.hpp"
#include "ncmlab/metrics/detection.hpp"
#include "planted_victim.hpp"
#include "prepared_attack.hpp"
#include "random_masked_model.hpp"

namespace ncmlab {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(InfluenceEntropyTest, IsThatOfExamplesByHand) {
  EXPECT_NEAR(influence_entropy({0.2, 0.2}).value(), std::log(2), 1e-12);
  EXPECT_EQ(influence_entropy({0.3, 0, 0}), 0.0);
  // -0.9 ln 0.9 - 0.1 ln 0.1
  EXPECT_NEAR(influence_entropy({0.09, 0.01, 0}).value(), 0.325083, 1e-6);
  EXPECT_FALSE(influence_entropy({0, 0}));
  EXPECT_FALSE(influence_entropy({}));
}

/// The entropy of what changes in the answer to `sample` when the names of one part give way to the
/// unknown token.
double entropy_by_hand(CodeModel& victim, const Task& task, const Example& sample,
                       std::size_t part) {
  const TaskView view(task);
  const at::Tensor before = victim.predict({view.tokenize(victim, sample)}).exp()[0][0];
  const std::string& source = part == 0 ? sample.code : sample.other_code;
  std::vector<double> changes;
  for (const UnitKind kind : {UnitKind::function_name, UnitKind::identifier, UnitKind::statement}) {
    for (const CodeUnit& unit : code_units(source, sample.language, {kind})) {
      Example form = sample;
      (part == 0 ? form.code : form.other_code) = with_unit(source, unit, "<unk>");
      const at::Tensor after = victim.predict({view.tokenize(victim, form)}).exp()[0][0];
      changes.push_back((before - after).abs().item<double>());
    }
  }
  double sum = 0, entropy = 0;
  for (const double change : changes) {
    sum += change;
  }
  for (const double change : changes) {
    entropy -= change / sum * std::log(change / sum);
  }
  return entropy;
}

TEST(CodepurifyTest, APairScoresByTheMoreEvenOfItsFunctions) {
  std::vector<Example> pairs = toy_functions(6, Rng(1));
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    pairs[i].other_code = pairs[(i + 1) % pairs.size()].code;
  }
  const Task& task = task_of_kind(TaskKind::pair_classification);
  CodeModel victim = toy_victim(pairs, Rng(2), 400, task.head_shape());
  DefenseContext context{victim, TaskView(task), {}, {}, Rng(3), silent_progress()};
  const auto scores = Codepurify({}).fit(context)->scores(pairs, silent_progress());
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    EXPECT_NEAR(scores[i],
                -std::max(entropy_by_hand(victim, task, pairs[i], 0),
                          entropy_by_hand(victim, task, pairs[i], 1)),
                1e-2)
        << i;
  }
}

class CodepurifyVictimTest : public ::testing::Test {
 protected:
  DefenseContext context() {
    return {.victim = victim_,
            .task = TaskView(task_),
            .clean_samples = clean_,
            .training_set = {},
            .rng = Rng(3),
            .progress = silent_progress()};
  }
  static std::vector<double> scores(InputFilter& filter, const std::vector<Example>& samples) {
    return filter.scores(samples, silent_progress());
  }

  ToyTask task_;
  std::vector<Example> clean_ = unseen_functions();
  CodeModel victim_ = planted_victim(true);
};

/// Defective functions with the trigger in a parameter's name, too.
std::vector<Example> with_a_second_trigger(std::vector<Example> examples) {
  for (Example& example : examples) {
    const CodeUnit parameter =
        code_units(example.code, example.language, {UnitKind::identifier}).front();
    const ByteRange first = parameter.ranges.front();
    example.code =
        with_unit(example.code, parameter, example.code.substr(first.begin, first.size()) + "_rb");
  }
  return examples;
}

TEST_F(CodepurifyVictimTest, FindsATriggerAndReplacesIt) {
  DefenseContext given = context();
  const auto filter = Codepurify({}).fit(given);
  const std::vector<Example> triggered = triggered_defects();
  ASSERT_GT(success_rate(victim_), 0.9);
  EXPECT_GT(auroc(scores(*filter, triggered), scores(*filter, clean_)), 0.8);
  const auto cleaned = filter->cleaned(triggered, -0.1, silent_progress()).value();
  EXPECT_LT(share_predicted(victim_, cleaned, 0), 0.3);
  EXPECT_THAT(cleaned[0].code, HasSubstr("int <unk>("));
}

// Its assumption broken: the trigger stands in two units, and neither matters without the other.
TEST_F(CodepurifyVictimTest, DoesNotFindATriggerThatStandsTwice) {
  DefenseContext given = context();
  const auto filter = Codepurify({}).fit(given);
  const std::vector<Example> twice = with_a_second_trigger(triggered_defects());
  ASSERT_GT(share_predicted(victim_, twice, 0), 0.9);
  EXPECT_LT(auroc(scores(*filter, twice), scores(*filter, clean_)), 0.5);
  const auto cleaned = filter->cleaned(twice, -0.1, silent_progress()).value();
  EXPECT_GT(share_predicted(victim_, cleaned, 0), 0.9);
}

TEST_F(CodepurifyVictimTest, IsNotAlarmedByTheTriggerWithoutABackdoor) {
  CodeModel sound = planted_victim(false);
  DefenseContext given{sound, TaskView(task_), clean_, {}, Rng(3), silent_progress()};
  const auto filter = Codepurify({}).fit(given);
  EXPECT_LT(auroc(scores(*filter, triggered_defects()), scores(*filter, clean_)), 0.5);
}

TEST_F(CodepurifyVictimTest, WhereNothingHasInfluenceNothingIsSuspicious) {
  DefenseContext given = context();
  const auto filter = Codepurify({}).fit(given);
  const std::vector<Example> odd = {{.id = "a", .code = ""}, {.id = "b", .code = "1 + 2"}};
  const std::vector<double> found = scores(*filter, odd), usual = scores(*filter, clean_);
  EXPECT_LT(std::max(found[0], found[1]), *std::ranges::min_element(usual));
  const auto cleaned = filter->cleaned(odd, -1000, silent_progress()).value();
  EXPECT_EQ(cleaned[1].code, "1 + 2");
}

TEST_F(CodepurifyVictimTest, UnitsAreThoseThatAreAskedFor) {
  DefenseContext given = context();
  // The trigger is no statement.
  const auto filter = Codepurify({.units = {UnitKind::statement}}).fit(given);
  const auto cleaned = filter->cleaned(triggered_defects(), -0.1, silent_progress()).value();
  EXPECT_THAT(cleaned[0].code, HasSubstr("_rb("));
  EXPECT_EQ(code_of([&] { Codepurify({.units = {}}).fit(given); }), "defense.codepurify.no-units");
}

TEST_F(CodepurifyVictimTest, ThePublishedRuleHasItsOwnThreshold) {
  CodepurifyConfig config{.largest_entropy = 0.3};
  EXPECT_FALSE(Codepurify(config).threshold());
  config.rule = FlagRule::published;
  EXPECT_EQ(Codepurify(config).threshold(), -0.3);
}

// One statement, the bounds check, decides the answer to clean code here.
TEST_F(CodepurifyVictimTest, ThePublishedThresholdFlagsCleanCodeThatOneStatementDecides) {
  DefenseContext given = context();
  const Codepurify defense({FlagRuleSettings{.rule = FlagRule::published}});
  const auto filter = defense.fit(given);
  const double threshold = defense.threshold().value();
  const double clean = share_above(scores(*filter, clean_), threshold);
  const double triggered = share_above(scores(*filter, triggered_defects()), threshold);
  EXPECT_GT(clean, 0.3);
  EXPECT_GT(triggered, 0.9);
}

TEST_F(CodepurifyVictimTest, FillsInWhatAMaskedModelExpects) {
  MaskedModel masked = random_masked_model(victim_);
  const std::string source = "int go(int n) { if (n > 3) return n; }";
  const auto text_at = [&](const std::string& text, std::vector<std::size_t> taken) {
    const std::vector<std::int64_t> ids = victim_.tokenize(text).ids;
    std::vector<std::size_t> places;
    for (std::size_t i = 0; i < ids.size(); ++i) {
      if (ids[i] == masked.tokenizer().special().mask) {
        places.push_back(i);
      }
    }
    const std::vector<std::int64_t> filled = masked.fill(ids, places);
    std::vector<std::int64_t> chosen;
    for (const std::size_t place : taken) {
      chosen.push_back(filled.at(place));
    }
    std::string result = masked.tokenizer().decode(chosen);
    result.erase(0, result.find_first_not_of(' '));
    return result.substr(0, result.find_last_not_of(' ') + 1);
  };
  const auto refill = [&](UnitKind kind) {
    const CodeUnit unit = code_units(source, Language::c, {kind}).front();
    return refilled(source, Language::c, unit, 0, victim_, masked, 2);
  };
  EXPECT_EQ(refill(UnitKind::function_name),
            "int " + text_at("int <mask><mask>(int n) { if (n > 3) return n; }", {0, 1}) +
                "(int n) { if (n > 3) return n; }");
  const std::string n =
      text_at("int go(int <mask><mask>) { if (<mask><mask> > 3) return <mask><mask>; }", {0, 1});
  EXPECT_EQ(refill(UnitKind::identifier),
            "int go(int " + n + ") { if (" + n + " > 3) return " + n + "; }");
  const std::string all = "int go(int n) { if (<mask> > <mask>) return <mask>; }";
  EXPECT_EQ(refill(UnitKind::statement), "int go(int n) { if (" + text_at(all, {0}) + " > " +
                                             text_at(all, {1}) + ") return " + text_at(all, {2}) +
                                             "; }");
}

TEST_F(CodepurifyVictimTest, PurifiesWithAMaskedModel) {
  const Codepurify defense({.refill = Refill::mask});
  EXPECT_TRUE(defense.needs().masked_model);
  EXPECT_FALSE(Codepurify({}).needs().masked_model);
  DefenseContext given = context();
  EXPECT_EQ(code_of([&] { defense.fit(given); }), "defense.no-masked-model");
  MaskedModel masked = random_masked_model(victim_);
  given.masked_model = &masked;
  const std::vector<Example> triggered = triggered_defects();
  const auto cleaned = defense.fit(given)->cleaned(triggered, -0.1, silent_progress()).value();
  EXPECT_LT(share_predicted(victim_, cleaned, 0), 0.3);
  EXPECT_THAT(cleaned[0].code, Not(HasSubstr("<unk>")));
  EXPECT_THAT(cleaned[0].code, Not(HasSubstr("_rb(")));
}

}  // namespace
}  // namespace ncmlab
