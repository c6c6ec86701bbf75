// SPDX-License-Identifier: Apache-2.0
#include "crow.hpp"

#include <gtest/gtest.h>
#include <torch/types.h>

#include <cmath>

#include "consistency.hpp"
#include "error_of.hpp"
#include "planted_victim.hpp"
#include "prepared_attack.hpp"
#include "small_model.hpp"

namespace ncmlab {
namespace {

/// States by hand: two rows of two and one token, three layers of width 2 after the embeddings.
class StatesByHand final : public Encoder {
 public:
  explicit StatesByHand(std::vector<at::Tensor> states) : states_(std::move(states)) {}
  const EncoderShape& shape() const override { return shape_; }
  at::Tensor embedding_table() const override { return states_.front(); }
  at::Tensor encode(const Batch&, bool) override { return {}; }
  std::vector<at::Tensor> hidden_states(const Batch&, bool) override { return states_; }
  StateDict parameters() const override { return {}; }
  std::string config_json() const override { return {}; }
  std::unique_ptr<Encoder> clone() const override { return nullptr; }

 private:
  EncoderShape shape_;
  std::vector<at::Tensor> states_;
};

Batch two_rows() {
  static const std::vector<std::vector<std::int64_t>> rows = {{0, 1}, {1}};
  return make_batch({&rows[0], &rows[1]}, 0);
}

at::Tensor states(std::vector<float> numbers) { return torch::tensor(numbers).reshape({2, 2, 2}); }

TEST(InconsistencyTest, IsTheMeanOfOneMinusCosineOverTokensAndLayers) {
  // The last place is padding. Turns of the first row: 90 and 0 degrees from layer 1 to 2, 0 and
  // 180 from 2 to 3; of the second 45 and 45.
  const float half = std::sqrt(0.5F);
  StatesByHand encoder({states({9, 9, 9, 9, 9, 9, 9, 9}), states({1, 0, 0, 1, 2, 0, 5, 5}),
                        states({0, 3, 0, 1, 1, 1, 5, -5}), states({0, 1, 0, -1, 0, 7, 5, 5})});
  const at::Tensor result = crow::inconsistency(encoder, two_rows());
  EXPECT_NEAR(result[0].item<float>(), (1 + 0 + 0 + 2) / 4.0, 1e-6);
  EXPECT_NEAR(result[1].item<float>(), 1 - half, 1e-6);
}

TEST(InconsistencyTest, OfASingleLayerIsItsTurnFromTheEmbeddings) {
  StatesByHand encoder({states({1, 0, 0, 1, 2, 0, 5, 5}), states({0, 3, 0, 1, 1, 0, 5, -5})});
  const at::Tensor result = crow::inconsistency(encoder, two_rows());
  EXPECT_NEAR(result[0].item<float>(), 0.5, 1e-6);
  EXPECT_NEAR(result[1].item<float>(), 0, 1e-6);
}

TEST(InconsistencyTest, OfT5CountsTheDecoderToo) {
  CodeModel model = testing::small_t5_victim(3);
  Encoder& encoder = model.encoder();
  const std::vector<TokenSample> samples = testing::random_samples(model, 1, 1, Rng(4));
  const Batch batch = make_batch(samples, {0}, 0);
  const auto turn = [](const std::vector<at::Tensor>& of) {
    return (1 - at::cosine_similarity(of[1][0], of[2][0], 1)).mean().item<float>();
  };
  EXPECT_NEAR(crow::inconsistency(encoder, batch).item<float>(),
              (turn(encoder.hidden_states(batch)) + turn(encoder.decoder_hidden_states(batch))) / 2,
              1e-5);
}

TEST(PerturbedTest, MovesEachCoordinateByTheStepAndRaisesInconsistency) {
  for (const bool is_t5 : {false, true}) {
    CodeModel model = is_t5 ? testing::small_t5_victim(3) : testing::small_model(3);
    Encoder& encoder = model.encoder();
    const std::vector<TokenSample> samples = testing::random_samples(model, 3, 1, Rng(4));
    const Batch batch = make_batch(samples, {0, 1, 2}, 0);
    const Batch moved = crow::perturbed(encoder, batch, 0.01);
    const at::Tensor own = at::embedding(encoder.embedding_table(), batch.ids);
    const at::Tensor change = (moved.embeddings - own).detach()[0][1].abs();
    EXPECT_TRUE(at::allclose(change, torch::full({32}, 0.01), 0, 1e-5));
    EXPECT_GT(crow::inconsistency(encoder, moved).sum().item<float>(),
              crow::inconsistency(encoder, batch).sum().item<float>());
    EXPECT_FALSE(encoder.embedding_table().grad().defined()) << "nothing is added to gradients";
    crow::inconsistency(encoder, moved).sum().backward();
    EXPECT_GT(encoder.embedding_table().grad().abs().sum().item<float>(), 0);
  }
}

DefenseOutcome run(CodeModel& victim, CrowConfig config,
                   const std::vector<Example>& clean = toy_functions(100, Rng(57))) {
  const ToyTask task;
  DefenseContext context{victim, TaskView(task), clean, {}, Rng(3), silent_progress()};
  return Crow(config).defend(context);
}

double mean_inconsistency(CodeModel& victim, const std::vector<Example>& examples) {
  const ToyTask task;
  const at::NoGradGuard no_grad;
  double sum = 0;
  const std::vector<TokenSample> samples = TaskView(task).tokenize(victim, examples);
  for (std::size_t i = 0; i < samples.size(); ++i) {
    sum += crow::inconsistency(victim.encoder(), make_batch(samples, {i}, 0)).item<double>();
  }
  return sum / static_cast<double>(samples.size());
}

TEST(CrowTest, MakesLayersConsistentAndLeavesThisBackdoor) {
  CodeModel trained = planted_victim(true);
  CodeModel control = planted_victim(true);
  CrowConfig config{{.learning_rate = 1e-3, .batch_size = 16}};
  run(trained, config);
  config.weight = 0;
  run(control, config);
  const std::vector<Example> some = toy_functions(30, Rng(60));
  EXPECT_LT(mean_inconsistency(trained, some), 0.2 * mean_inconsistency(control, some));
  EXPECT_GT(accuracy(trained, unseen_functions()), 0.95);
  EXPECT_GT(success_rate(trained), 0.8);
}

TEST(CrowTest, LeavesACleanVictimAccurate) {
  CodeModel victim = planted_victim(false);
  run(victim, {{.learning_rate = 1e-3, .batch_size = 16}});
  EXPECT_GT(accuracy(victim, unseen_functions()), 0.9);
  EXPECT_LT(success_rate(victim), 0.2);
}

TEST(CrowTest, DefendsPairs) {
  const KindTask& task = task_of_kind(TaskKind::pair_classification);
  std::vector<Example> pairs = toy_functions(12, Rng(1));
  for (Example& pair : pairs) {
    pair.other_code = pair.code + "int g(int a) { return a; }";
  }
  CodeModel victim = toy_victim(pairs, Rng(2), 400, task.head_shape());
  DefenseContext context{victim, TaskView(task), pairs, {}, Rng(3), silent_progress()};
  EXPECT_TRUE(Crow({{.epochs = 1}}).defend(context).repaired);
  // Two functions a sample; the perturbation and the penalty each take a pass of their own.
  EXPECT_EQ(victim.work().backward_rows, 3 * 24);
}

TEST(CrowTest, KeepsToABudget) {
  const ToyTask task;
  CodeModel victim = planted_start();
  DefenseContext context{victim, TaskView(task), toy_functions(40, Rng(1)),
                         {},     Rng(3),         silent_progress()};
  context.budget = {.steps = 3, .batch_size = 8, .learning_rates = {1e-3}, .poison_share = {}};
  const DefenseOutcome outcome = Crow({{.epochs = 9}}).defend(context);
  EXPECT_EQ(victim.work().backward_rows, 3 * 24);
  EXPECT_EQ(outcome.figures.at("learning_rate"), 1e-3);
}

TEST(CrowTest, RefusesToWorkWithoutCleanSamples) {
  CodeModel victim = planted_start();
  EXPECT_EQ(code_of([&] { run(victim, {}, {}); }), "defense.no-clean-samples");
}

}  // namespace
}  // namespace ncmlab
