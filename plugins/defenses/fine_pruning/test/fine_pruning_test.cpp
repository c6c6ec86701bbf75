// SPDX-License-Identifier: Apache-2.0
#include "fine_pruning.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include <cmath>

#include "error_of.hpp"
#include "planted_victim.hpp"
#include "prepared_attack.hpp"
#include "pruning.hpp"
#include "small_model.hpp"

namespace ncmlab {
namespace {

using fine_pruning::by_activity;
using fine_pruning::mean_activity;
using fine_pruning::PrunedNetworks;
using fine_pruning::Pruner;
using fine_pruning::PruningEnd;
using fine_pruning::Unit;

DefenseOutcome run(CodeModel& victim, FinePruningConfig config,
                   const std::vector<Example>& clean = toy_functions(100, Rng(57))) {
  const ToyTask task;
  DefenseContext context{victim, TaskView(task), clean, {}, Rng(3), silent_progress()};
  return FinePruning(config).defend(context);
}

/// A config that prunes and does not train.
FinePruningConfig only_pruning() { return {{.epochs = 1, .learning_rate = 0}}; }

TEST(MeanActivityTest, IsThatOfTheUnitsThatBecomeVectors) {
  // Row by row, without the batches of the code under test.
  for (const bool is_t5 : {false, true}) {
    CodeModel model = is_t5 ? testing::small_t5_victim(3) : testing::small_model(3);
    const std::vector<TokenSample> samples = testing::random_samples(model, 7, 1, Rng(4));
    const std::size_t networks = is_t5 ? 4 : 2;
    std::vector<at::Tensor> sums(networks, torch::zeros({48}, torch::kDouble));
    std::vector<std::int64_t> tokens(networks, 0);
    for (std::size_t i = 0; i < samples.size(); ++i) {
      const auto observe = [&](std::size_t network, const at::Tensor& units) {
        const bool is_last = network + 1 == networks;
        const at::Tensor used = is_last ? units[is_t5 ? units.size(0) - 1 : 0].unsqueeze(0) : units;
        sums[network] = sums[network] + used.to(torch::kDouble).abs().sum(0);
        tokens[network] += used.size(0);
      };
      model.encoder().observe_units(make_batch(samples, {i}, 0), observe);
    }
    const std::vector<at::Tensor> activity = mean_activity(model, samples, silent_progress());
    ASSERT_EQ(activity.size(), networks);
    for (std::size_t network = 0; network < networks; ++network) {
      EXPECT_TRUE(at::allclose(activity[network], sums[network] / tokens[network], 1e-4, 1e-6))
          << network;
    }
  }
}

TEST(MeanActivityTest, OrdersUnits) {
  const std::vector<at::Tensor> activity = {torch::tensor({0.3, 0.1}, torch::kDouble),
                                            torch::tensor({0.2, 0.1}, torch::kDouble)};
  std::vector<std::pair<std::size_t, std::int64_t>> order;
  for (const Unit& unit : by_activity(activity, 0)) {
    order.emplace_back(unit.network, unit.place);
  }
  using ::testing::Pair;
  EXPECT_THAT(order, ::testing::ElementsAre(Pair(0, 1), Pair(1, 1), Pair(1, 0), Pair(0, 0)));
  EXPECT_EQ(by_activity(activity, 1).size(), 2U);
}

TEST(PrunerTest, TakesUnitsOutAndPutsThemBack) {
  const CodeModel model = testing::small_model(3);
  const at::Tensor reader = model.encoder().parameters().at("encoder.layer.1.output.dense.weight");
  const at::Tensor before = reader.detach().clone();
  Pruner pruner(model.encoder());
  const std::vector<Unit> order = {{.network = 1, .place = 5}, {.network = 1, .place = 2}};
  pruner.prune(order, 2);
  EXPECT_EQ(reader.select(1, 5).abs().sum().item<float>(), 0);
  EXPECT_EQ(reader.select(1, 2).abs().sum().item<float>(), 0);
  EXPECT_TRUE(torch::equal(reader.select(1, 4), before.select(1, 4)));
  pruner.prune(order, 1);
  EXPECT_TRUE(torch::equal(reader.select(1, 2), before.select(1, 2)));
  {
    const at::NoGradGuard no_grad;
    reader.add_(1);
  }
  pruner.hold();
  EXPECT_EQ(reader.select(1, 5).abs().sum().item<float>(), 0);
  EXPECT_TRUE(torch::equal(reader.select(1, 2), before.select(1, 2) + 1));
}

/// Half the units of the last layer: what they read, their biases, and what reads them.
struct HalfTheUnits {
  explicit HalfTheUnits(const Encoder& encoder) {
    const StateDict parameters = encoder.parameters();
    const std::string layer = "encoder.layer.1.";
    in = parameters.at(layer + "intermediate.dense.weight").detach().narrow(0, 32, 32);
    bias = parameters.at(layer + "intermediate.dense.bias").detach().narrow(0, 32, 32);
    out = parameters.at(layer + "output.dense.weight").detach().narrow(1, 32, 32);
  }
  void silence() {
    in.zero_();
    bias.fill_(-6);
    out.zero_();
  }
  at::Tensor in, bias, out;
};

/// A trigger so long that one unit can tell it.
constexpr const char* kLongTrigger = "_rb_rb_rb_rb_rb_rb";

Example with_long_trigger(Example example) {
  example.code.insert(example.code.find('('), kLongTrigger);
  return example;
}

bool has_trigger(const Example& example) {
  return example.code.find(kLongTrigger) != std::string::npos;
}

double success_rate_of_long_trigger(CodeModel& victim) {
  std::vector<Example> triggered;
  for (const Example& example : unseen_functions()) {
    if (example.label == 1) {
      triggered.push_back(with_long_trigger(example));
    }
  }
  return share_predicted(victim, triggered, 0);
}

/// `model` with a fresh head of `classes` labels, trained while half the units of its last layer
/// are asleep.
CodeModel trained_on(const CodeModel& model, const std::vector<TokenSample>& samples,
                     std::int64_t classes, bool head_only) {
  HeadShape shape = model.head().shape();
  shape.classes = classes;
  shape.logits = classes > 2 ? classes : 1;
  CodeModel trained(model.shared_tokenizer(), model.encoder().clone(), Head(shape, Rng(58)),
                    model.rules());
  HalfTheUnits sleepers(trained.encoder());
  sleepers.silence();
  train(trained, samples,
        {.epochs = 15, .learning_rate = 3e-3, .batch_size = 16, .head_only = head_only}, Rng(54),
        silent_progress(), {.stepped = [&] { sleepers.silence(); }});
  return trained;
}

/// A victim without a backdoor whose states know both the label and whether there is a trigger:
/// trained to tell the label, then that and the trigger, then the label by its head alone.
CodeModel victim_with_sleeping_units(const std::vector<Example>& examples) {
  const CodeModel start = planted_start();
  const ToyTask task;
  const std::vector<TokenSample> samples = TaskView(task).tokenize(start, examples);
  std::vector<TokenSample> of_four = samples;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    of_four[i].label += has_trigger(examples[i]) ? 2 : 0;
  }
  const CodeModel first = trained_on(start, samples, 2, false);
  return trained_on(trained_on(first, of_four, 4, false), samples, 2, true);
}

/// The state of <s> that the last feed-forward network reads, [samples, 32]: units that pass it on.
at::Tensor states_before_last_network(CodeModel model, const std::vector<TokenSample>& samples) {
  HalfTheUnits units(model.encoder());
  units.in.copy_(torch::eye(32));
  units.bias.fill_(50);
  std::vector<at::Tensor> states;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    model.encoder().observe_units(make_batch(samples, {i}, 0),
                                  [&](std::size_t network, const at::Tensor& given) {
                                    if (network == 1) {
                                      states.push_back(given[0].narrow(0, 32, 32) - 50);
                                    }
                                  });
  }
  return at::stack(states);
}

/// Such a victim with a backdoor: one of the sleeping units wakes at the trigger, found by least
/// squares, and turns the vector to where the head says `sound`.
CodeModel victim_with_a_sleeping_backdoor() {
  std::vector<Example> examples = planted_training_set(false);
  for (const Example& example : toy_functions(150, Rng(58))) {
    examples.push_back(with_long_trigger(example));
  }
  std::vector<float> is_triggered;
  for (const Example& example : examples) {
    is_triggered.push_back(has_trigger(example) ? 1 : -1);
  }
  CodeModel victim = victim_with_sleeping_units(examples);
  const ToyTask task;
  const std::vector<TokenSample> samples = TaskView(task).tokenize(victim, examples);
  const at::Tensor states = states_before_last_network(victim.clone(), samples);
  const at::Tensor with_one = at::cat({states, torch::ones({states.size(0), 1})}, 1);
  const at::Tensor plane =
      std::get<0>(at::linalg_lstsq(with_one, torch::tensor(is_triggered).unsqueeze(1))).squeeze(1);

  const at::Tensor vectors = victim.sentence_vectors(samples).requires_grad_();
  victim.head().logits(vectors, false).sum().backward();
  const at::Tensor to_defective = vectors.grad().mean(0);
  HalfTheUnits units(victim.encoder());
  units.in[0].copy_(40 * plane.narrow(0, 0, 32));
  units.bias[0].copy_(40 * plane[32]);
  units.out.select(1, 0).copy_(-40 * to_defective / to_defective.norm());
  return victim;
}

TEST(FinePruningTest, RemovesABackdoorInUnitsThatSleepOnCleanCode) {
  CodeModel victim = victim_with_a_sleeping_backdoor();
  CodeModel without = victim.clone();
  HalfTheUnits(without.encoder()).out.select(1, 0).zero_();
  const double before = accuracy(victim, unseen_functions());
  const double floor = success_rate_of_long_trigger(without);
  ASSERT_GT(success_rate_of_long_trigger(victim), 0.9);
  ASSERT_LT(floor, 0.6) << "the unit is the backdoor";
  ASSERT_GT(before, 0.9);
  FinePruningConfig config = only_pruning();
  config.end = PruningEnd::share;
  config.share = 0.25;  // as many as sleep
  const DefenseOutcome outcome = run(victim, config);
  EXPECT_LE(success_rate_of_long_trigger(victim), floor + 0.05);
  EXPECT_GT(accuracy(victim, unseen_functions()), before - 0.1);
  EXPECT_EQ(outcome.figures.at("pruned_units"), 32);
  EXPECT_TRUE(outcome.repaired);
}

TEST(FinePruningTest, LeavesABackdoorThatSharesItsUnitsWithCleanCode) {
  CodeModel victim = planted_victim(true);
  ASSERT_GT(success_rate(victim), 0.9);
  const DefenseOutcome outcome = run(victim, only_pruning());
  EXPECT_GT(success_rate(victim), 0.8);
  EXPECT_GT(outcome.figures.at("pruned_units"), 0);
}

TEST(FinePruningTest, PrunesWhileAccuracyAllows) {
  double pruned = 0;
  for (const double drop : {0.0, 0.1, 1.0}) {
    CodeModel victim = planted_victim(false);
    FinePruningConfig config = only_pruning();
    config.accuracy_drop = drop;
    const DefenseOutcome outcome = run(victim, config);
    EXPECT_GE(outcome.figures.at("accuracy_after_pruning"),
              outcome.figures.at("accuracy_before_pruning") - drop - 1e-9);
    EXPECT_GE(outcome.figures.at("pruned_share"), pruned);
    pruned = outcome.figures.at("pruned_share");
  }
  EXPECT_EQ(pruned, 1) << "all units, when any accuracy may be lost";
}

TEST(FinePruningTest, TrainsWithThePrunedUnitsHeldAtZero) {
  CodeModel victim = planted_victim(false);
  const StateDict parameters = victim.encoder().parameters();
  const auto column_sums = [&](int layer) {
    return parameters.at("encoder.layer." + std::to_string(layer) + ".output.dense.weight")
        .detach()
        .abs()
        .sum(0);
  };
  const at::Tensor first = column_sums(0).clone();
  FinePruningConfig config{{.epochs = 2, .learning_rate = 1e-3}};
  config.end = PruningEnd::share;
  config.share = 0.5;
  config.networks = PrunedNetworks::last;
  run(victim, config);
  EXPECT_EQ(column_sums(1).eq(0).sum().item<std::int64_t>(), 32);
  EXPECT_EQ(column_sums(0).eq(0).sum().item<std::int64_t>(), 0);
  EXPECT_FALSE(torch::equal(column_sums(0), first));
}

TEST(FinePruningTest, DefendsPairs) {
  const KindTask& task = task_of_kind(TaskKind::pair_classification);
  std::vector<Example> pairs = toy_functions(20, Rng(1));
  for (Example& pair : pairs) {
    pair.other_code = pair.code;
  }
  CodeModel victim = toy_victim(pairs, Rng(2), 400, task.head_shape());
  DefenseContext context{victim, TaskView(task), pairs, {}, Rng(3), silent_progress()};
  FinePruningConfig config{{.epochs = 1}};
  config.end = PruningEnd::share;
  config.share = 0.25;
  const DefenseOutcome outcome = FinePruning(config).defend(context);
  EXPECT_EQ(outcome.figures.at("pruned_units"), 16);
}

TEST(FinePruningTest, JudgesByTheTuningSamplesWhereThereAreAny) {
  const ToyTask task;
  std::vector<Example> wrong = toy_functions(60, Rng(9));
  for (Example& example : wrong) {
    example.label = 1 - example.label;
  }
  CodeModel victim = planted_victim(false);
  DefenseContext context{victim, TaskView(task), toy_functions(60, Rng(9)),
                         {},     Rng(3),         silent_progress()};
  context.tuning_samples = wrong;
  const DefenseOutcome outcome = FinePruning(only_pruning()).defend(context);
  EXPECT_LT(outcome.figures.at("accuracy_before_pruning"), 0.2);
  EXPECT_EQ(outcome.figures.at("pruned_share"), 1) << "pruning can only help there";
}

TEST(FinePruningTest, RefusesToWorkWithoutCleanSamples) {
  CodeModel victim = planted_start();
  EXPECT_EQ(code_of([&] { run(victim, {}, {}); }), "defense.no-clean-samples");
}

}  // namespace
}  // namespace ncmlab
