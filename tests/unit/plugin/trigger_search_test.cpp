// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/plugin/trigger_search.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "toy_task.hpp"

namespace ncmlab {
namespace {

using ::testing::ElementsAre;

TEST(ShrinkTest, DropsWhatCostsLeastAndKeepsTheFirstOnRequest) {
  // The sum of what is left out.
  const auto loss = [](const TriggerIds& trigger) {
    return 10.0 - static_cast<double>(std::accumulate(trigger.begin(), trigger.end(), 0L));
  };
  EXPECT_THAT(shrink({1, 4, 2}, false, loss),
              ElementsAre(TriggerIds{1, 4, 2}, TriggerIds{4, 2}, TriggerIds{4}));
  EXPECT_THAT(shrink({1, 4, 2}, true, loss),
              ElementsAre(TriggerIds{1, 4, 2}, TriggerIds{1, 4}, TriggerIds{1}));
  EXPECT_THAT(shrink({1}, true, loss), ElementsAre(TriggerIds{1}));
}

TEST(JudgedSamplesTest, JudgesTheTextInTheCode) {
  const std::vector<Example> examples = toy_functions(24, Rng(1));
  CodeModel victim = toy_victim(examples, Rng(2));
  const ToyTask task;
  const TaskView view(task);
  const TriggerEdit edit{.change = NameEdit::extend, .name = EditedName::function_name};
  const auto placed = place_triggers(victim, view, examples, 0, {.edit = edit}, silent_progress());
  const TriggerIds trigger = victim.tokenizer().encode("_qqqq_qqqq");
  for (const std::int64_t target : {0, 1}) {
    const JudgedSamples judged(victim, view, placed, edit.change, target, nullptr,
                               silent_progress());
    double loss = 0, hits = 0, elsewhere = 0, turned = 0, rise = 0;
    std::vector<std::pair<double, bool>> by_certainty;
    for (const Example& example : examples) {
      const auto row = [&](const Example& each) {
        return victim.predict({view.tokenize(victim, each)}).select(0, 0);
      };
      const Identifier name = *parse(example.code, Language::c).function_name();
      const at::Tensor plain = row(example);
      const at::Tensor with = row(with_trigger_text(example, name, NameEdit::extend, "_qqqq_qqqq"));
      const auto of = [target](const at::Tensor& each) { return each[target].item<double>(); };
      const bool hit = with.argmax().item<std::int64_t>() == target;
      loss -= of(with) / 24;
      hits += hit ? 1 : 0;
      rise += (std::exp(of(with)) - std::exp(of(plain))) / 24;
      if (plain.argmax().item<std::int64_t>() != target) {
        ++elsewhere;
        turned += hit ? 1 : 0;
        by_certainty.emplace_back(of(plain), hit);
      }
    }
    EXPECT_NEAR(judged.loss(trigger), loss, 1e-5);
    EXPECT_NEAR(judged.hit_rate(trigger), hits / 24, 1e-9);
    EXPECT_NEAR(judged.mean_rise(trigger), rise, 1e-5);
    EXPECT_NEAR(judged.flip_rate(trigger), elsewhere == 0 ? 0 : turned / elsewhere, 1e-9);
    std::ranges::sort(by_certainty);
    const std::size_t quarter = (by_certainty.size() + 3) / 4;
    double certain = 0;
    for (std::size_t i = 0; i < quarter; ++i) {
      certain += by_certainty[i].second ? 1.0 / static_cast<double>(quarter) : 0;
    }
    EXPECT_NEAR(judged.certain_flip_rate(trigger), certain, 1e-9);
  }
}

TEST(JudgedSamplesTest, RunsEachTriggerOnce) {
  const std::vector<Example> examples = toy_functions(8, Rng(1));
  CodeModel victim = toy_victim(examples, Rng(2));
  const ToyTask task;
  const JudgedSamples judged(
      victim, TaskView(task),
      place_triggers(victim, TaskView(task), examples, 0,
                     {.edit = {.name = EditedName::function_name}}, silent_progress()),
      NameEdit::replace, 0, nullptr, silent_progress());
  victim.work() = {};
  const TriggerIds trigger = victim.tokenizer().encode(" row");
  judged.loss(trigger);
  judged.flip_rate(trigger);
  judged.hit_rate(trigger);
  EXPECT_EQ(victim.work().forward_rows, 8);
}

}  // namespace
}  // namespace ncmlab
