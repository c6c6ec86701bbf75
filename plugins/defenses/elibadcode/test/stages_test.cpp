// SPDX-License-Identifier: Apache-2.0
// The stages of EliBadCode, each alone.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "anchoring.hpp"
#include "greedy_coordinate_gradient.hpp"
#include "ncmlab/inversion/name_place.hpp"
#include "ncmlab/plugin/trigger_position.hpp"
#include "ncmlab/plugin/trigger_unlearning.hpp"
#include "toy_task.hpp"

namespace ncmlab::elibadcode {
namespace {

using testing::ElementsAre;
using testing::UnorderedElementsAre;

std::vector<TriggerIds> all_of(const TriggerIds& ids, std::size_t length) {
  return std::vector<TriggerIds>(length, ids);
}

TEST(TriggerPositionTest, ConsistentPositionsExtendNamesThatStandOnce) {
  const std::vector<Example> examples = toy_functions(20, Rng(1));
  CodeModel victim = toy_victim(examples, Rng(2));
  const ToyTask task;
  const TaskView view(task);
  const auto placed =
      place_triggers(victim, view, examples, 0, {.consistent = true}, silent_progress());
  for (std::size_t i = 0; i < examples.size(); ++i) {
    const TokenSample sample = view.tokenize_with_ranges(victim, examples[i]);
    const auto& ranges = sample.parts[0].ranges;
    const std::size_t end = ranges[placed[i].places.front().begin - 1].end;
    bool stands_once = false;
    for (const Identifier& identifier : parse(examples[i].code, Language::c).identifiers) {
      stands_once |= identifier.occurrences.size() == 1 && identifier.occurrences[0].end == end;
    }
    EXPECT_TRUE(stands_once) << examples[i].code;
  }
}

TEST(TriggerPositionTest, ExtendsTheIdentifierWhoseMaskingHelpsTheTargetLeast) {
  const std::vector<Example> examples = toy_functions(40, Rng(1));
  CodeModel victim = toy_victim(examples, Rng(2));
  const ToyTask task;
  const TaskView view(task);
  const auto placed = place_triggers(victim, view, {examples[0], examples[1]}, 0,
                                     {.consistent = false}, silent_progress());
  ASSERT_EQ(placed.size(), 2U);
  for (std::size_t i = 0; i < 2; ++i) {
    // The same by hand, one identifier at a time, with text cut into tokens by their ranges.
    const std::string& code = examples[i].code;
    const TokenSample sample = view.tokenize_with_ranges(victim, examples[i]);
    double lowest = 1;
    std::int64_t expected = -1;
    for (const Identifier& identifier : parse(code, Language::c).identifiers) {
      TokenSample masked = sample;
      std::int64_t after_first = -1;
      for (const ByteRange& occurrence : identifier.occurrences) {
        for (std::size_t t = 0; t < sample.parts[0].ids.size(); ++t) {
          const ByteRange& range = sample.parts[0].ranges[t];
          if (range.begin < occurrence.end && range.end > occurrence.begin) {
            masked.parts[0].ids[t] = victim.tokenizer().special().unk;
            if (occurrence == identifier.occurrences.front()) {
              after_first = static_cast<std::int64_t>(t) + 1;
            }
          }
        }
      }
      const double score = victim.predict({masked}).index({0, 0}).item<double>();
      if (score < lowest - 1e-7) {
        lowest = score;
        expected = after_first;
      }
    }
    EXPECT_EQ(placed[i].places, before_token(expected));
    EXPECT_EQ(placed[i].sample.parts[0].ids, sample.parts[0].ids) << "nothing stays masked";
  }
}

TEST(TriggerPositionTest, PrefersIdentifiersThatStandOnceIfAsked) {
  const std::vector<Example> examples = toy_functions(40, Rng(1));
  CodeModel victim = toy_victim(examples, Rng(2));
  const ToyTask task;
  const auto placed =
      place_triggers(victim, TaskView(task), examples, 0, {.consistent = true}, silent_progress());
  for (std::size_t i = 0; i < examples.size(); ++i) {
    // The function's name is the one identifier of these functions that stands once.
    const Syntax syntax = parse(examples[i].code, Language::c);
    const TokenSample sample = TaskView(task).tokenize_with_ranges(victim, examples[i]);
    const auto name =
        find_name(examples[i].code, sample.parts[0], syntax.function_name()->occurrences.front());
    ASSERT_TRUE(name);
    EXPECT_EQ(placed[i].places, before_token(static_cast<std::int64_t>(name->tokens.end)))
        << examples[i].code;
  }
}

TEST(TriggerPositionTest, FallsBackAndKeepsRoomForTheTrigger) {
  CodeModel victim = toy_victim(toy_functions(40, Rng(1)), Rng(2));
  const ToyTask task;
  Example nothing{.id = "n", .code = ""};
  Example late{.id = "l", .code = "int "};
  for (int i = 0; i < 200; ++i) {
    late.code += "/* filler */ ";
  }
  late.code += "f(int a) { return a; }";
  const auto placed =
      place_triggers(victim, TaskView(task), {nothing, late}, 0, {}, silent_progress());
  EXPECT_EQ(placed[0].places, before_token(1));
  EXPECT_EQ(placed[1].places, before_token(1));
}

TEST(SearchTest, ZeroGradientRowsGiveTokensOfTheVocabulary) {
  at::Tensor gradient = torch::zeros({2, 4});
  gradient[1][2] = -3.0;
  gradient[1][0] = -1.0;
  const auto tokens = lowest_gradient_tokens(gradient, {10, 11, 12, 13}, 2);
  ASSERT_EQ(tokens.size(), 2U);
  EXPECT_EQ(tokens[0].size(), 2U);
  for (const std::int64_t token : tokens[0]) {
    EXPECT_TRUE(token >= 10 && token <= 13);
  }
  EXPECT_THAT(tokens[1], ElementsAre(12, 10));
  EXPECT_EQ(lowest_gradient_tokens(gradient, {10, 11, 12, 13}, 64)[0].size(), 4U);
}

TEST(SearchTest, CandidatesDifferAtOnePositionAndAreNeverRepeated) {
  Rng rng(1);
  const TriggerIds current = {1, 2, 3};
  std::set<TriggerIds> tried = {current};
  const auto first = draw_candidates(current, all_of({1, 2, 3, 4}, 3), 5, tried, rng);
  EXPECT_EQ(first.size(), 5U);
  for (const TriggerIds& candidate : first) {
    int changed = 0;
    for (std::size_t i = 0; i < 3; ++i) {
      changed += candidate[i] != current[i] ? 1 : 0;
    }
    EXPECT_EQ(changed, 1);
  }
  const auto second = draw_candidates(current, all_of({1, 2, 3, 4}, 3), 5, tried, rng);
  EXPECT_EQ(second.size(), 4U) << "9 neighbours in all";
  EXPECT_TRUE(draw_candidates(current, all_of({1, 2, 3, 4}, 3), 5, tried, rng).empty());
  EXPECT_EQ(tried.size(), 10U);
}

TEST(AnchoringTest, KeepsTheTokensThatCarryTheEffect) {
  const auto needs_seven_and_nine = [](const TriggerIds& trigger) {
    const bool both = std::count(trigger.begin(), trigger.end(), 7) > 0 &&
                      std::count(trigger.begin(), trigger.end(), 9) > 0;
    return both ? 0.01 : 2.0;
  };
  EXPECT_THAT(anchor({1, 7, 2, 9, 3}, 0.15, needs_seven_and_nine), ElementsAre(7, 9));
}

TEST(AnchoringTest, KeepsOneTokenOfARedundantTrigger) {
  EXPECT_THAT(
      anchor({5, 5, 5, 5, 5}, 0.15, [](const TriggerIds& t) { return t.empty() ? 3.0 : 0.07; }),
      ElementsAre(5));
}

TEST(AnchoringTest, CountsTheLossAgainstTheWholeTrigger) {
  // Each drop costs 0.1: one is within 0.15 of the whole trigger, two are not.
  const auto loss = [](const TriggerIds& trigger) {
    return 0.1 * static_cast<double>(5 - trigger.size());
  };
  EXPECT_EQ(anchor({1, 2, 3, 4, 5}, 0.15, loss).size(), 4U);
}

TEST(AnchoringTest, DropsTheCheapestTokenFirst) {
  // Dropping 2 costs 0.1, dropping 1 costs 0.12, both together cost too much.
  const auto loss = [](const TriggerIds& trigger) {
    const bool one = std::count(trigger.begin(), trigger.end(), 1) > 0;
    const bool two = std::count(trigger.begin(), trigger.end(), 2) > 0;
    return one && two ? 0.0 : one ? 0.1 : two ? 0.12 : 1.0;
  };
  EXPECT_THAT(anchor({1, 2}, 0.15, loss), ElementsAre(1));
  EXPECT_TRUE(anchor({}, 0.15, loss).empty());
}

class UnlearningSetTest : public testing::Test {
 protected:
  UnlearningSet make(const std::vector<Example>& examples, double share, NameEdit edit,
                     const std::vector<TriggerIds>& triggers) {
    return unlearning_set(victim_, TaskView(task_), examples, 1, triggers,
                          {.share = share, .edit = edit}, Rng(5), silent_progress());
  }
  std::string text(const TokenSample& sample) {
    return victim_.tokenizer().decode(sample.parts[0].ids, true);
  }
  TriggerIds ids(std::string_view word) { return victim_.tokenizer().encode(word); }

  ToyTask task_;
  CodeModel victim_ = toy_victim(toy_functions(100, Rng(1)), Rng(2));
};

TEST_F(UnlearningSetTest, TriggersTheShareOfTheVictimLabelAndKeepsLabels) {
  const std::vector<Example> examples = toy_functions(100, Rng(1));
  const UnlearningSet set = make(examples, 0.2, NameEdit::replace, {ids("qzx")});
  EXPECT_EQ(set.triggered, 10U);
  ASSERT_EQ(set.samples.size(), 100U);
  ASSERT_EQ(set.origins.size(), 100U);
  std::size_t changed = 0;
  for (std::size_t i = 0; i < examples.size(); ++i) {
    EXPECT_EQ(set.samples[i].label, examples[i].label);
    EXPECT_EQ(set.origins[i], i);
    if (set.samples[i].parts[0].ids != victim_.tokenize(examples[i].code).ids) {
      ++changed;
      EXPECT_EQ(examples[i].label, 1);
    }
  }
  EXPECT_EQ(changed, 10U);
}

TEST_F(UnlearningSetTest, KeepsOriginalsOnRequest) {
  const std::vector<Example> examples = toy_functions(100, Rng(1));
  const UnlearningSet set =
      unlearning_set(victim_, TaskView(task_), examples, 1, {ids("qzx"), ids("wvu")},
                     {.share = 0.2, .keep_originals = true}, Rng(5), silent_progress());
  ASSERT_EQ(set.samples.size(), 110U);
  for (std::size_t i = 0; i < 100; ++i) {
    EXPECT_EQ(set.samples[i].parts[0].ids, victim_.tokenize(examples[i].code).ids);
  }
  for (std::size_t i = 100; i < 110; ++i) {
    EXPECT_EQ(set.samples[i].label, 1);
    EXPECT_NE(text(set.samples[i]).find(i % 2 == 0 ? "qzx" : "wvu"), std::string::npos);
    // What follows the name is the example's own.
    const std::string parameters =
        examples[set.origins[i]].code.substr(examples[set.origins[i]].code.find('('), 20);
    EXPECT_NE(text(set.samples[i]).find(parameters), std::string::npos) << parameters;
  }
}

// KL(p || q) = sum p (ln p - ln q), by hand, for heads of one logit and of two.
TEST(DivergenceTest, IsOfTheOwnSampleAndNullWhereAnswersAgree) {
  const at::Tensor answers = torch::tensor({{0.5, 0.5}, {0.9, 0.1}}, torch::kDouble).log();
  const at::Tensor labels = torch::tensor({0, 0}, torch::kLong);
  const double of_second = 0.9 * std::log(0.9 / 0.2) + 0.1 * std::log(0.1 / 0.8);
  const double odds = std::log(0.8 / 0.2);
  for (const std::int64_t logits : {1, 2}) {
    const Head head({.hidden = 4, .classes = 2, .logits = logits}, Rng(3));
    const at::Tensor given = logits == 1 ? torch::tensor({{odds}, {0.0}}, torch::kDouble)
                                         : torch::tensor({{0.0, odds}, {1.0, 1.0}}, torch::kDouble);
    const auto losses = divergence_from(answers, head);
    const at::Tensor found = losses(given, labels, {.samples = {1, 0}});
    EXPECT_NEAR(found[0].item<double>(), of_second, 1e-6);
    EXPECT_NEAR(found[1].item<double>(), 0, 1e-6);
  }
}

TEST_F(UnlearningSetTest, TriggersTheShareOfEveryLabelOnRequest) {
  const std::vector<Example> examples = toy_functions(100, Rng(1));
  std::map<std::int64_t, std::int64_t> expected;
  for (const Example& example : examples) {
    ++expected[example.label];
  }
  const UnlearningSet set = unlearning_set(
      victim_, TaskView(task_), examples, 1, {ids("qzx")},
      {.share = 0.5, .every_label = true, .keep_originals = true}, Rng(5), silent_progress());
  std::map<std::int64_t, std::int64_t> triggered;
  for (std::size_t i = examples.size(); i < set.samples.size(); ++i) {
    EXPECT_NE(text(set.samples[i]).find("qzx"), std::string::npos);
    ++triggered[set.samples[i].label];
  }
  ASSERT_EQ(triggered.size(), 2U);
  for (const auto& [label, count] : expected) {
    EXPECT_EQ(triggered[label], std::llround(0.5 * static_cast<double>(count)));
  }
}

TEST_F(UnlearningSetTest, EditsEveryOccurrenceOfTheFunctionName) {
  const std::vector<Example> one = {
      {.id = "a", .code = "int sum(int n) { return n + sum(n - 1); }", .label = 1}};
  EXPECT_EQ(text(make(one, 1.0, NameEdit::replace, {ids("qzx")}).samples[0]),
            "int qzx(int n) { return n + qzx(n - 1); }");
  EXPECT_EQ(text(make(one, 1.0, NameEdit::extend, {ids("qzx")}).samples[0]),
            "int sumqzx(int n) { return n + sumqzx(n - 1); }");
}

TEST_F(UnlearningSetTest, KeepsTheInvertedIdsAndTheClosingToken) {
  // Letter by letter: tokenising the text again could merge them.
  const TriggerIds letters = {*victim_.tokenizer().id_of("r"), *victim_.tokenizer().id_of("e"),
                              *victim_.tokenizer().id_of("t")};
  std::string body;
  for (int i = 0; i < 100; ++i) {
    body += "n = n + 1; ";
  }
  const std::vector<Example> samples = {
      {.id = "a", .code = "int sum(int n) { " + body + "return n; }", .label = 1},
      {.id = "b", .code = "no function at all", .label = 1}};
  for (const TokenSample& sample : make(samples, 1.0, NameEdit::extend, {letters}).samples) {
    const auto& row = sample.parts[0].ids;
    EXPECT_NE(std::search(row.begin(), row.end(), letters.begin(), letters.end()), row.end());
    EXPECT_LE(row.size(), 96U);
    EXPECT_EQ(row.front(), victim_.tokenizer().special().bos);
    EXPECT_EQ(row.back(), victim_.tokenizer().special().eos);
  }
}

TEST_F(UnlearningSetTest, DependsOnTheSeedOnly) {
  const std::vector<Example> examples = toy_functions(100, Rng(1));
  const auto rows = [&](Rng rng) {
    std::vector<std::vector<std::int64_t>> all;
    for (const TokenSample& sample : unlearning_set(victim_, TaskView(task_), examples, 1,
                                                    {ids("qzx")}, {}, rng, silent_progress())
                                         .samples) {
      all.push_back(sample.parts[0].ids);
    }
    return all;
  };
  EXPECT_EQ(rows(Rng(5)), rows(Rng(5)));
  EXPECT_NE(rows(Rng(5)), rows(Rng(6)));
}

}  // namespace
}  // namespace ncmlab::elibadcode
