// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/plugin/trigger_unlearning.hpp"

#include <gtest/gtest.h>
#include <torch/types.h>

#include <cmath>
#include <map>
#include <string>

#include "toy_task.hpp"

namespace ncmlab {
namespace {

class UnlearningSetTest : public ::testing::Test {
 protected:
  UnlearningSet make(const std::vector<Example>& examples, double share,
                     const std::vector<WrittenTrigger>& triggers) {
    return unlearning_set(victim_, TaskView(task_), examples, 1, triggers, {.share = share}, Rng(5),
                          silent_progress());
  }
  std::string text(const TokenSample& sample) {
    return victim_.tokenizer().decode(sample.parts[0].ids, true);
  }
  static WrittenTrigger trigger(const std::string& text, NameEdit change = NameEdit::replace,
                                EditedName name = EditedName::function_name) {
    return {.text = text, .edit = {.change = change, .name = name}};
  }

  ToyTask task_;
  CodeModel victim_ = toy_victim(toy_functions(100, Rng(1)), Rng(2));
};

TEST_F(UnlearningSetTest, TriggersTheShareOfTheVictimLabelAndKeepsLabels) {
  const std::vector<Example> examples = toy_functions(100, Rng(1));
  const UnlearningSet set = make(examples, 0.2, {trigger("qzx")});
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
      unlearning_set(victim_, TaskView(task_), examples, 1, {trigger("qzx"), trigger("wvu")},
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
      victim_, TaskView(task_), examples, 1, {trigger("qzx")},
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

TEST_F(UnlearningSetTest, HoldsTheTokensOfTheEditedText) {
  const std::vector<Example> one = {
      {.id = "a", .code = "int sum(int n) { return n + sum(n - 1); }", .label = 1}};
  const auto expect = [&](const WrittenTrigger& written, const std::string& code) {
    EXPECT_EQ(make(one, 1.0, {written}).samples[0].parts[0].ids, victim_.tokenize(code).ids)
        << code;
  };
  expect(trigger("qzx"), "int qzx(int n) { return n + qzx(n - 1); }");
  expect(trigger("_q", NameEdit::extend), "int sum_q(int n) { return n + sum_q(n - 1); }");
  expect(trigger("qzx", NameEdit::replace, EditedName::variable),
         "int sum(int qzx) { return qzx + sum(qzx - 1); }");
  const std::vector<Example> no_name = {{.id = "b", .code = "no function", .label = 1}};
  EXPECT_EQ(make(no_name, 1.0, {trigger("qzx")}).samples[0].parts[0].ids,
            victim_.tokenize("qzx no function").ids);
}

TEST_F(UnlearningSetTest, DrawsAnyOfTheNamesThatTheEditAllows) {
  const std::vector<Example> examples(
      40, {.id = "a", .code = "int sum(int n) { return n; }", .label = 1});
  std::map<std::string, int> seen;
  for (const TokenSample& sample :
       make(examples, 1.0, {trigger("qzx", NameEdit::replace, EditedName::any)}).samples) {
    ++seen[text(sample)];
  }
  ASSERT_EQ(seen.size(), 2U);
  EXPECT_GT(seen["int qzx(int n) { return n; }"], 8);
  EXPECT_GT(seen["int sum(int qzx) { return qzx; }"], 8);
}

TEST_F(UnlearningSetTest, DependsOnTheSeedOnly) {
  const std::vector<Example> examples = toy_functions(100, Rng(1));
  const auto rows = [&](Rng rng) {
    std::vector<std::vector<std::int64_t>> all;
    for (const TokenSample& sample : unlearning_set(victim_, TaskView(task_), examples, 1,
                                                    {trigger("qzx")}, {}, rng, silent_progress())
                                         .samples) {
      all.push_back(sample.parts[0].ids);
    }
    return all;
  };
  EXPECT_EQ(rows(Rng(5)), rows(Rng(5)));
  EXPECT_NE(rows(Rng(5)), rows(Rng(6)));
}

}  // namespace
}  // namespace ncmlab
