// SPDX-License-Identifier: Apache-2.0
#include "fine_mixing.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include <cmath>
#include <memory>

#include "error_of.hpp"
#include "planted_victim.hpp"
#include "prepared_attack.hpp"
#include "same_weights.hpp"
#include "small_model.hpp"

namespace ncmlab {
namespace {

using fine_mixing::mix;
using fine_mixing::Mixing;
using fine_mixing::suspicious_tokens;
using ::testing::ElementsAre;

TEST(MixingTest, KeepsAShareOfTheVictimsNumbers) {
  CodeModel victim = testing::small_model(1);
  const CodeModel other = testing::small_model(2);
  const StateDict before = victim.encoder().parameters().clone();
  const StateDict pretrained = other.encoder().parameters();
  const std::string name = "embeddings.word_embeddings.weight";
  torch::manual_seed(5);
  mix(victim.encoder(), pretrained, 0.3, Mixing::random);
  const at::Tensor mixed = victim.encoder().parameters().at(name);
  const at::Tensor is_old = mixed.eq(before.at(name));
  const at::Tensor is_new = mixed.eq(pretrained.at(name));
  EXPECT_TRUE(is_old.logical_or(is_new).all().item<bool>());
  EXPECT_NEAR(is_old.to(torch::kDouble).mean().item<double>(), 0.3, 0.02);
  mix(victim.encoder(), pretrained, 0, Mixing::random);
  EXPECT_TRUE(same_weights(victim.encoder().parameters(), pretrained));
}

TEST(MixingTest, AveragesWeights) {
  CodeModel victim = testing::small_t5_victim(1);
  const CodeModel other = testing::small_t5_victim(2);
  const StateDict before = victim.encoder().parameters().clone();
  mix(victim.encoder(), other.encoder().parameters(), 0.25, Mixing::average);
  for (const auto& [name, tensor] : victim.encoder().parameters()) {
    EXPECT_TRUE(at::allclose(
        tensor, 0.25 * before.at(name) + 0.75 * other.encoder().parameters().at(name), 1e-5, 1e-7))
        << name;
  }
}

TEST(MixingTest, SuspectsTokensThatMovedFarForTheirFrequency) {
  // Distances 1, 3, 2, 0; the second occurs exp(3 * log 20) = 8000 times, so that its 3 counts 1/3
  // as much, the others fewer than 20 times.
  const at::Tensor pretrained = torch::zeros({4, 2});
  const at::Tensor embeddings =
      torch::tensor({{1.0F, 0.0F}, {0.0F, 3.0F}, {-2.0F, 0.0F}, {0.0F, 0.0F}});
  TokenSample sample{.parts = {{.ids = std::vector<std::int64_t>(7900, 1), .ranges = {}},
                               {.ids = std::vector<std::int64_t>(101, 1), .ranges = {}}}};
  EXPECT_THAT(suspicious_tokens(embeddings, pretrained, {sample}, 3), ElementsAre(2, 0, 1));
  EXPECT_THAT(suspicious_tokens(embeddings, pretrained, {}, 9), ElementsAre(1, 2, 0, 3));
}

/// A public model that knows the task's code, and a victim that was trained from it.
class FineMixingTest : public ::testing::Test {
 protected:
  CodeModel victim(bool backdoored) {
    CodeModel trained = planted_start();
    const ToyTask task;
    train(trained, TaskView(task).tokenize(trained, toy_functions(200, Rng(70))),
          {.epochs = 12, .learning_rate = 3e-3, .batch_size = 16}, Rng(71), silent_progress());
    public_ = std::make_shared<const CodeModel>(trained.clone());
    train(trained, TaskView(task).tokenize(trained, planted_training_set(backdoored)),
          {.epochs = 12, .learning_rate = 3e-3, .batch_size = 16}, Rng(72), silent_progress());
    return trained;
  }

  DefenseOutcome run(CodeModel& victim, FineMixingConfig config,
                     const std::vector<Example>& clean = toy_functions(60, Rng(57))) {
    const ToyTask task;
    DefenseContext context{victim, TaskView(task), clean, {}, Rng(3), silent_progress()};
    context.starting_model = public_;
    return FineMixing(config).defend(context);
  }

  FineMixingConfig config() const {
    FineMixingConfig config{{.epochs = 2, .learning_rate = 5e-4, .batch_size = 16}};
    config.purified_tokens = 20;
    return config;
  }

  std::shared_ptr<const CodeModel> public_;
};

TEST_F(FineMixingTest, RemovesABackdoorThatFineTuningLeaves) {
  CodeModel mixed = victim(true);
  CodeModel fine_tuned = mixed.clone();
  CodeModel little_mixed = mixed.clone();
  CodeModel averaged = mixed.clone();
  ASSERT_GT(success_rate(mixed), 0.9);
  FineMixingConfig settings = config();
  settings.purified_tokens = 0;
  EXPECT_TRUE(run(mixed, settings).repaired);
  settings.mixing = Mixing::average;
  run(averaged, settings);
  settings.mixing = Mixing::random;
  settings.kept = 0.9;
  run(little_mixed, settings);
  settings.kept = 1;
  run(fine_tuned, settings);
  for (CodeModel* repaired : {&mixed, &averaged}) {
    EXPECT_LT(success_rate(*repaired), 0.1);
    EXPECT_GT(accuracy(*repaired, unseen_functions()), 0.95);
  }
  EXPECT_GT(success_rate(fine_tuned), 0.8);
  EXPECT_GT(success_rate(little_mixed), 0.5) << "its assumption broken: too much is the victim's";
}

TEST_F(FineMixingTest, PurifiesTheEmbeddingsOfTheTrigger) {
  CodeModel purified = victim(true);
  FineMixingConfig settings = config();
  settings.kept = 1;
  const DefenseOutcome outcome = run(purified, settings);
  EXPECT_EQ(outcome.figures.at("purified_tokens"), 20);
  EXPECT_LT(success_rate(purified), 0.1);
}

TEST_F(FineMixingTest, LeavesACleanVictimAccurate) {
  CodeModel mixed = victim(false);
  run(mixed, config());
  EXPECT_GT(accuracy(mixed, unseen_functions()), 0.95);
  EXPECT_LT(success_rate(mixed), 0.1);
}

TEST_F(FineMixingTest, DefendsPairs) {
  const KindTask& task = task_of_kind(TaskKind::pair_classification);
  std::vector<Example> pairs = toy_functions(12, Rng(1));
  for (Example& pair : pairs) {
    pair.other_code = pair.code;
  }
  CodeModel model = toy_victim(pairs, Rng(2), 400, task.head_shape());
  const at::Tensor head = model.head().parameters().at("out_proj.weight").detach().clone();
  DefenseContext context{model, TaskView(task), pairs, {}, Rng(3), silent_progress()};
  context.starting_model = std::make_shared<const CodeModel>(model.clone());
  FineMixingConfig settings = config();
  settings.learning_rate = 0;
  EXPECT_TRUE(FineMixing(settings).defend(context).repaired);
  EXPECT_TRUE(torch::equal(model.head().parameters().at("out_proj.weight"), head));
}

TEST_F(FineMixingTest, RefusesToWorkWithoutWhatItNeeds) {
  CodeModel model = planted_start();
  EXPECT_EQ(code_of([&] { run(model, {}, {}); }), "defense.no-clean-samples");
  EXPECT_EQ(code_of([&] { run(model, {}); }), "defense.no-starting-model");
}

}  // namespace
}  // namespace ncmlab
