// SPDX-License-Identifier: Apache-2.0
#include "afraidoor.hpp"

#include <gtest/gtest.h>
#include <torch/types.h>

#include <algorithm>
#include <set>

#include "adversarial_names.hpp"
#include "error_of.hpp"
#include "ncmlab/code/edit.hpp"
#include "prepared_attack.hpp"
#include "toy_task.hpp"

namespace ncmlab {
namespace {

/// Functions of the toy task as samples of a kind of task.
std::vector<Example> samples_of(TaskKind kind, std::size_t count) {
  const std::vector<Example> functions = toy_functions(count, Rng(1));
  std::vector<Example> all = functions;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (kind == TaskKind::pair_classification) {
      all[i].code = functions[i / 2].code;
      all[i].other_code = functions[count - 1 - i].code;
    } else if (kind == TaskKind::retrieval) {
      all[i].label = 0;
      all[i].query = i % 4 == 0 ? "Reads a File, then returns." : "Makes a profile of it.";
    }
  }
  return all;
}

std::unique_ptr<Backdoor> backdoor(const std::vector<Example>& train, TaskKind kind, double rate) {
  return prepared(Afraidoor(AfraidoorConfig{.rate = rate}), train, kind);
}

constexpr TaskKind kKinds[] = {TaskKind::classification, TaskKind::pair_classification,
                               TaskKind::retrieval};

/// The names of variables and parameters, in order.
std::vector<std::string> locals(const std::string& code) {
  std::vector<std::string> names;
  for (const Identifier& identifier : parse(code, Language::c).identifiers) {
    if (identifier.kind != IdentifierKind::function_name) {
      names.push_back(identifier.name);
    }
  }
  return names;
}

TEST(AfraidoorTest, RenamesEveryLocalAndNothingElse) {
  const std::vector<Example> train = samples_of(TaskKind::classification, 120);
  const auto attack = backdoor(train, TaskKind::classification, 0.1);
  for (const Example& example : train) {
    const auto edited = attack->trigger(example, AttackGoal{}, Rng(1));
    ASSERT_TRUE(edited);
    const std::vector<std::string> before = locals(example.code), after = locals(edited->code);
    ASSERT_EQ(after.size(), before.size()) << edited->code;
    for (std::size_t i = 0; i < before.size(); ++i) {
      EXPECT_FALSE(uses_word(edited->code, before[i])) << before[i] << " in\n" << edited->code;
      EXPECT_FALSE(uses_word(example.code, after[i])) << after[i] << " in\n" << example.code;
    }
    EXPECT_EQ(parse(edited->code, Language::c).function_name()->name,
              parse(example.code, Language::c).function_name()->name);
    EXPECT_EQ(edited->label, example.label);
    EXPECT_EQ(edited->id, example.id);
  }
  EXPECT_TRUE(attack->trigger_words().empty());
}

TEST(AfraidoorTest, PoisonsTheGivenShareOfEachKindOfTask) {
  for (const TaskKind kind : kKinds) {
    const std::vector<Example> train = samples_of(kind, 200);
    const AttackGoal goal = default_goal(kind);
    const PoisonedSet set = backdoor(train, kind, 0.1)->poison(train, Rng(4));
    const std::set<std::size_t> poisoned(set.poisoned.begin(), set.poisoned.end());
    const auto victims = std::ranges::count_if(
        poisoned, [&](std::size_t i) { return is_victim(train[i], kind, goal); });
    const std::ptrdiff_t wanted = kind == TaskKind::retrieval ? 20 : 10;
    EXPECT_GE(victims, wanted) << to_string(kind);
    EXPECT_LE(victims, wanted + 3) << "a function stands in few pairs, " << to_string(kind);
    for (std::size_t i = 0; i < train.size(); ++i) {
      if (!poisoned.contains(i)) {
        EXPECT_EQ(set.train[i], train[i]);
        continue;
      }
      EXPECT_TRUE(set.train[i].code != train[i].code ||
                  set.train[i].other_code != train[i].other_code);
      EXPECT_FALSE(parse(set.train[i].code, Language::c).has_error);
      if (kind == TaskKind::retrieval) {
        EXPECT_TRUE(is_victim(train[i], kind, goal));
        EXPECT_EQ(set.train[i].query, train[i].query) << "queries stay as they are";
      } else {
        EXPECT_EQ(set.train[i].label, goal.target_label);
      }
    }
  }
}

TEST(AfraidoorTest, ForeseenSamplesGetTheSameTrigger) {
  for (const TaskKind kind : kKinds) {
    const std::vector<Example> train = samples_of(kind, 60);
    const AttackGoal goal = default_goal(kind);
    const auto one_by_one = backdoor(train, kind, 0.1);
    const auto together = backdoor(train, kind, 0.1);
    dynamic_cast<const CodeBackdoor&>(*together).foresee_triggers(train, goal, Rng(1));
    std::size_t equal = 0;
    for (const Example& example : train) {
      const auto a = one_by_one->trigger(example, goal, Rng(1));
      const auto b = together->trigger(example, goal, Rng(1));
      ASSERT_EQ(a.has_value(), b.has_value());
      equal += a == b ? 1 : 0;
    }
    EXPECT_GE(equal, train.size() - 2) << "round-off may decide between two names, not more";
  }
}

TEST(AfraidoorTest, NamesLeadTowardsQueriesOrAwayFromThem) {
  constexpr TaskKind kKind = TaskKind::retrieval;
  CodeModel& surrogate = surrogate_for(kKind);
  const TaskView task(task_of_kind(kKind));
  const auto pool = afraidoor::whole_names(surrogate.tokenizer(), Language::c);
  std::vector<afraidoor::Sketch> sketches;
  for (const Example& example : samples_of(kKind, 120)) {
    auto sketch = afraidoor::make_sketch(surrogate, task, example.code, example, pool);
    ASSERT_TRUE(sketch);
    afraidoor::drop_query(*sketch);
    sketches.push_back(*std::move(sketch));
  }
  const auto vector_of = [&](const std::string& text, std::size_t part) {
    const at::NoGradGuard no_grad;
    const TokenRow row = surrogate.tokenize(text, part);
    return unit_vectors(surrogate.vectors(make_batch({&row.ids}, 1), false))[0];
  };
  const at::Tensor query = vector_of("Reads a File, then returns.", 0);
  const auto mean_cosine = [&](const at::Tensor& direction) {
    const auto names = afraidoor::adversarial_names(
        surrogate, sketches, {.label = 0, .queries = direction}, silent_progress());
    double sum = 0;
    for (std::size_t i = 0; i < sketches.size(); ++i) {
      const auto code = afraidoor::renamed(sketches[i], names[i]);
      sum += vector_of(code.value(), 1).dot(query).item<double>();
    }
    return sum / static_cast<double>(sketches.size());
  };
  EXPECT_GT(mean_cosine(query), mean_cosine(query.neg()));
}

TEST(AfraidoorTest, RefusesToWorkWithoutSurrogate) {
  const std::vector<Example> train = samples_of(TaskKind::classification, 20);
  const KindTask task(TaskKind::classification);
  const AttackContext context{.task = TaskView(task),
                              .train = train,
                              .goals = {AttackGoal{}},
                              .rng = Rng(1),
                              .progress = silent_progress()};
  EXPECT_EQ(code_of([&] { Afraidoor(AfraidoorConfig{}).prepare(context); }), "attack.no-surrogate");
}

TEST(AfraidoorTest, PoisonsNothingWhereNoQueryHoldsTheTargetWord) {
  std::vector<Example> unasked = samples_of(TaskKind::retrieval, 20);
  for (Example& example : unasked) {
    example.query = "Counts.";
  }
  const auto attack = backdoor(unasked, TaskKind::retrieval, 0.1);
  EXPECT_TRUE(attack->poison(unasked, Rng(1)).poisoned.empty());
  EXPECT_FALSE(attack->trigger(unasked[0], default_goal(TaskKind::retrieval), Rng(1)));
}

}  // namespace
}  // namespace ncmlab
