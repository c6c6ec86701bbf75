// SPDX-License-Identifier: Apache-2.0
#include "spectral_signatures.hpp"

#include <gtest/gtest.h>
#include <torch/types.h>

#include <algorithm>
#include <cmath>

#include "toy_task.hpp"

namespace ncmlab {
namespace {

constexpr std::int64_t kWidth = 16;

/// 400 samples of noise, those with index % 20 == 7 moved along the direction (1, -1, 1, -1, ...).
at::Tensor planted_vectors() {
  Rng rng(11);
  at::Tensor vectors = torch::zeros({400, kWidth});
  for (std::int64_t i = 0; i < 400; ++i) {
    for (std::int64_t j = 0; j < kWidth; ++j) {
      const double shift = i % 20 == 7 ? (j % 2 == 0 ? 2.0 : -2.0) : 0.0;
      vectors[i][j] = 5.0 + rng.normal() + shift;
    }
  }
  return vectors;
}

std::size_t planted_among(const std::vector<std::size_t>& indices) {
  return static_cast<std::size_t>(
      std::count_if(indices.begin(), indices.end(), [](std::size_t i) { return i % 20 == 7; }));
}

TEST(SpectralSignaturesTest, FindsEveryPlantedSample) {
  const std::vector<std::int64_t> labels(400, 0);
  const auto [scores, outliers] = spectral_outliers(planted_vectors(), labels, {});
  EXPECT_EQ(scores.size(), 400U);
  EXPECT_EQ(outliers.size(), 30U);  // 1.5 * 0.05 * 400
  EXPECT_EQ(planted_among(outliers), 20U);
  EXPECT_TRUE(std::is_sorted(outliers.begin(), outliers.end()));
}

TEST(SpectralSignaturesTest, ScoresAreTheSquaredLengthsOfTheProjections) {
  const at::Tensor vectors = planted_vectors().to(torch::kFloat64);
  const at::Tensor centred = vectors - vectors.mean(0, true);
  const at::Tensor right = std::get<2>(torch::linalg_svd(centred, false));
  for (const std::int64_t k : {1, 3, 16, 40}) {
    EXPECT_TRUE(torch::allclose(spectral_scores(planted_vectors(), {.vectors = k}),
                                torch::mm(centred, right.slice(0, 0, k).t()).square().sum(1), 1e-6,
                                1e-8))
        << k;
  }
}

TEST(SpectralSignaturesTest, ProjectsOnTheColumnNotTheRow) {
  const at::Tensor vectors = planted_vectors().to(torch::kFloat64);
  const at::Tensor centred = vectors - vectors.mean(0, true);
  const at::Tensor right = std::get<2>(torch::linalg_svd(centred, false)).select(0, 0);
  EXPECT_TRUE(torch::allclose(spectral_scores(planted_vectors(), {}),
                              torch::mv(centred, right).square(), 1e-6, 1e-8));

  // What the mistake that is found in published code would score.
  const at::Tensor eigenvectors = std::get<1>(torch::linalg_eigh(torch::mm(centred.t(), centred)));
  const at::Tensor by_row = torch::mv(centred, eigenvectors.select(0, kWidth - 1)).square();
  const SpectralSignaturesConfig mistaken{.eigenvectors = Slices::rows};
  EXPECT_TRUE(torch::allclose(spectral_scores(planted_vectors(), mistaken), by_row, 1e-6, 1e-8));
  const std::vector<std::int64_t> labels(400, 0);
  EXPECT_LT(planted_among(spectral_outliers(planted_vectors(), labels, mistaken).flagged), 20U)
      << "the fixture must tell the two apart";
}

TEST(SpectralSignaturesTest, TreatsClassesApart) {
  // Class 1 lies far from class 0: without centring per class, class 1 alone would stick out.
  at::Tensor vectors = planted_vectors();
  vectors.slice(0, 200).add_(100.0);
  std::vector<std::int64_t> labels(400, 0);
  std::fill(labels.begin() + 200, labels.end(), 1);
  const auto outliers = spectral_outliers(vectors, labels, {}).flagged;
  EXPECT_EQ(outliers.size(), 30U);
  EXPECT_EQ(std::count_if(outliers.begin(), outliers.end(), [](auto i) { return i < 200; }), 15);
  EXPECT_EQ(planted_among(outliers), 20U);
  const auto together = spectral_outliers(vectors, labels, {.per_class = false}).flagged;
  EXPECT_EQ(together.size(), 30U);
  EXPECT_LT(planted_among(together), 20U) << "the main direction of all is that between classes";
}

TEST(SpectralSignaturesTest, RemovesNothingAtEpsilonZeroAndCopesWithOneSample) {
  const std::vector<std::int64_t> labels(400, 0);
  EXPECT_TRUE(spectral_outliers(planted_vectors(), labels, {.epsilon = 0}).flagged.empty());
  EXPECT_TRUE(spectral_outliers(torch::ones({1, 4}), {0}, {}).flagged.empty());
}

TEST(SpectralSignaturesTest, ReadsTheTrainingSetOfTheContext) {
  const std::vector<Example> examples = toy_functions(60, Rng(1));
  CodeModel victim = toy_victim(examples, Rng(2));
  const ToyTask task;
  DefenseContext context{victim, TaskView(task), {}, examples, Rng(3), silent_progress()};
  const SpectralSignatures defense({.epsilon = 0.1});
  EXPECT_TRUE(defense.needs().training_set);
  EXPECT_FALSE(defense.needs().clean_samples);
  const Suspicion suspicion = defense.inspect(context);
  EXPECT_EQ(suspicion.flagged.size(), 10U);  // round(4.5) of each class of 30
  EXPECT_EQ(suspicion.scores.size(), 60U);

  context.budget.poison_share = 0.2;
  EXPECT_EQ(defense.inspect(context).flagged.size(), 18U) << "the budget's share counts";

  context.training_set.clear();
  EXPECT_TRUE(defense.inspect(context).flagged.empty());
}

}  // namespace
}  // namespace ncmlab
