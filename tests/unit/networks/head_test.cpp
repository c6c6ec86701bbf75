// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/networks/head.hpp"

#include <gtest/gtest.h>
#include <torch/types.h>

#include <cmath>

#include "error_of.hpp"
#include "ncmlab/core/diagnostic.hpp"

namespace ncmlab {
namespace {

TEST(HeadTest, JoinsTheVectorsOfASample) {
  const Head head({.hidden = 4, .inputs = 2, .classes = 2, .logits = 2}, Rng(1));
  const at::Tensor vectors = torch::randn({6, 4});
  EXPECT_EQ(head.logits(vectors, false).sizes(), (std::vector<std::int64_t>{3, 2}));
  const at::Tensor first = head.logits(vectors.narrow(0, 0, 2), false);
  EXPECT_TRUE(at::allclose(head.logits(vectors, false).narrow(0, 0, 1), first));
}

TEST(HeadTest, OneLogitSpeaksForTheLabelThatTheColumnsName) {
  HeadShape shape{.hidden = 4, .classes = 2, .logits = 1};
  const at::Tensor logits = torch::tensor({{2.0F}, {-1.0F}});
  const double yes = 1 / (1 + std::exp(-2.0));
  const Head plain(shape, Rng(1));
  EXPECT_NEAR(plain.log_probabilities(logits)[0][1].item<double>(), std::log(yes), 1e-6);
  EXPECT_NEAR(plain.losses(logits, torch::tensor({1L, 1L}))[0].item<double>(), -std::log(yes),
              1e-6);
  shape.label_columns = {1, 0};
  const Head turned(shape, Rng(1));
  EXPECT_NEAR(turned.log_probabilities(logits)[0][0].item<double>(), std::log(yes), 1e-6);
  EXPECT_NEAR(turned.losses(logits, torch::tensor({0L, 0L}))[0].item<double>(), -std::log(yes),
              1e-6);
}

TEST(HeadTest, LossIsTheNegativeLogProbabilityOfTheLabelInItsColumn) {
  for (const std::vector<std::int64_t>& columns :
       {std::vector<std::int64_t>{}, std::vector<std::int64_t>{2, 0, 1}}) {
    const Head head({.hidden = 4, .classes = 3, .logits = 3, .label_columns = columns}, Rng(1));
    const at::Tensor logits = torch::tensor({{1.0F, 2.0F, 4.0F}});
    const at::Tensor by_column = torch::log_softmax(logits, 1);
    for (std::int64_t label = 0; label < 3; ++label) {
      const auto column = columns.empty() ? label : columns[static_cast<std::size_t>(label)];
      EXPECT_NEAR(head.losses(logits, torch::tensor({label}))[0].item<double>(),
                  -by_column[0][column].item<double>(), 1e-6);
      EXPECT_NEAR(head.log_probabilities(logits)[0][label].item<double>(),
                  by_column[0][column].item<double>(), 1e-6);
    }
  }
}

TEST(HeadTest, LossesAreNeverNegativeEvenWhenSaturated) {
  const Head head({.hidden = 4, .classes = 2, .logits = 1}, Rng(1));
  const at::Tensor logits = torch::tensor({{60.0F}, {-60.0F}});
  const at::Tensor losses = head.losses(logits, torch::tensor({1L, 1L}));
  EXPECT_EQ(losses[0].item<float>(), 0);
  EXPECT_NEAR(losses[1].item<float>(), -std::log(1e-10), 0.1);
}

TEST(HeadTest, ShapeFollowsFromTheWeights) {
  const Head pair({.hidden = 4, .inputs = 2, .classes = 3, .logits = 3}, Rng(2));
  const Head read({.hidden = 4, .classes = 3}, pair.parameters());
  EXPECT_EQ(read.shape().inputs, 2);
  EXPECT_EQ(read.shape().logits, 3);
  const at::Tensor vectors = torch::randn({4, 4});
  EXPECT_TRUE(at::equal(read.logits(vectors, false), pair.logits(vectors, false)));
  StateDict linear;
  linear.add("weight", torch::ones({1, 4}));
  linear.add("bias", torch::zeros({1}));
  const Head bare({.hidden = 4, .classes = 2}, linear);
  EXPECT_FALSE(bare.shape().dense);
  EXPECT_EQ(bare.logits(torch::ones({1, 4}), false).item<float>(), 4);
}

TEST(HeadTest, RefusesWhatDoesNotFit) {
  const auto code = [](const HeadShape& shape, const StateDict& weights) {
    return code_of([&] { Head(shape, weights); });
  };
  StateDict weights;
  weights.add("out_proj.weight", torch::ones({3, 4}));
  weights.add("out_proj.bias", torch::ones({3}));
  EXPECT_EQ(code({.hidden = 4, .classes = 3}, weights), "");
  EXPECT_EQ(code({.hidden = 4, .classes = 2}, weights), "checkpoint.head-shape");
  EXPECT_EQ(code({.hidden = 3, .classes = 3}, weights), "checkpoint.head-shape");
  EXPECT_EQ(code({.hidden = 4, .classes = 3, .label_columns = {0, 1, 1}}, weights),
            "checkpoint.label-columns");
  EXPECT_EQ(code({.hidden = 4}, StateDict()), "checkpoint.missing-tensor");
}

TEST(HeadTest, SimilarityComparesEveryQueryWithEveryCode) {
  const Head head(
      [] {
        HeadShape shape = HeadShape::for_search();
        shape.hidden = 2;
        return shape;
      }(),
      Rng(1));
  EXPECT_TRUE(head.parameters().empty());
  // Queries (3, 0) and (0, 2), code (1, 0) and (1, 1).
  const at::Tensor vectors =
      torch::tensor({{3.0F, 0.0F}, {1.0F, 0.0F}, {0.0F, 2.0F}, {1.0F, 1.0F}});
  const at::Tensor logits = head.logits(vectors, true);
  const float half = std::sqrt(0.5F);
  EXPECT_TRUE(at::allclose(logits, torch::tensor({{1.0F, half}, {0.0F, half}})));
  const at::Tensor losses = head.losses(logits, torch::tensor({0L, 1L}));
  EXPECT_NEAR(losses[0].item<double>(), std::log(1 + std::exp(20 * (half - 1))), 1e-5);
  EXPECT_NEAR(losses[1].item<double>(), std::log(1 + std::exp(-20 * half)), 1e-5);
  EXPECT_TRUE(at::isfinite(head.logits(torch::zeros({2, 2}), false)).all().item<bool>());
}

TEST(HeadTest, CloneSharesNothing) {
  const Head head({.hidden = 4, .label_columns = {1, 0}}, Rng(3));
  const Head copy = head.clone();
  EXPECT_EQ(copy.shape().label_columns, head.shape().label_columns);
  for (const auto& [name, tensor] : copy.parameters()) {
    EXPECT_FALSE(tensor.is_alias_of(head.parameters().at(name)));
    EXPECT_TRUE(at::equal(tensor, head.parameters().at(name)));
  }
}

}  // namespace
}  // namespace ncmlab
