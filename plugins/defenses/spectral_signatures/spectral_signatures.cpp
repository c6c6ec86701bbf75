// SPDX-License-Identifier: Apache-2.0
#include "spectral_signatures.hpp"

#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <utility>

#include "ncmlab/plugin/registration.hpp"

namespace ncmlab {

at::Tensor spectral_scores(const at::Tensor& vectors, const SpectralSignaturesConfig& config) {
  const at::Tensor centred =
      vectors.to(torch::kFloat64) - vectors.to(torch::kFloat64).mean(0, /*keepdim=*/true);
  // The eigenvectors of the covariance are the right-singular vectors. They stand in the columns,
  // and eigenvalues ascend: the last columns are the main directions.
  at::Tensor eigenvectors = std::get<1>(torch::linalg_eigh(torch::mm(centred.t(), centred)));
  if (config.eigenvectors == Slices::rows) {
    eigenvectors = eigenvectors.t();
  }
  const std::int64_t width = eigenvectors.size(1);
  const std::int64_t first = std::max<std::int64_t>(0, width - config.vectors);
  return torch::mm(centred, eigenvectors.slice(1, first)).square().sum(1);
}

SpectralOutliers spectral_outliers(const at::Tensor& vectors,
                                   const std::vector<std::int64_t>& labels,
                                   const SpectralSignaturesConfig& config) {
  std::map<std::int64_t, std::vector<std::int64_t>> groups;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    groups[config.per_class ? labels[i] : 0].push_back(static_cast<std::int64_t>(i));
  }
  SpectralOutliers result{.scores = std::vector<double>(labels.size()), .flagged = {}};
  const double share = std::min(1.5 * config.epsilon, 1.0);
  for (const auto& [label, members] : groups) {
    const at::Tensor scores =
        spectral_scores(vectors.index_select(0, torch::tensor(members, torch::kInt64)), config);
    const auto* score = scores.data_ptr<double>();
    std::vector<std::size_t> order(members.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [score](std::size_t a, std::size_t b) { return score[a] > score[b]; });
    for (std::size_t i = 0; i < members.size(); ++i) {
      result.scores[static_cast<std::size_t>(members[i])] = score[i];
    }
    order.resize(
        static_cast<std::size_t>(std::llround(share * static_cast<double>(members.size()))));
    for (const std::size_t i : order) {
      result.flagged.push_back(static_cast<std::size_t>(members[i]));
    }
  }
  std::sort(result.flagged.begin(), result.flagged.end());
  return result;
}

Schema<SpectralSignaturesConfig> SpectralSignatures::schema() {
  using C = SpectralSignaturesConfig;
  return Schema<C>{}
      .field("epsilon", &C::epsilon,
             "Share of each class that the defender assumes to be poisoned; 1.5 times as much is "
             "removed.",
             range(0.0, 0.5), budgeted(Allowance::poison_share))
      .field("vectors", &C::vectors,
             "Right-singular vectors that samples are projected on, the main ones.", at_least(1))
      .field("per_class", &C::per_class,
             "Whether each class is judged by itself, or all samples together.")
      .field("eigenvectors", &C::eigenvectors,
             "Where eigenvectors stand in their matrix: in its columns; `rows` repeats a mistake "
             "of published code.");
}

Suspicion SpectralSignatures::inspect(DefenseContext& context) const {
  if (context.training_set.empty()) {
    return {};
  }
  std::vector<std::int64_t> labels;
  for (const Example& example : context.training_set) {
    labels.push_back(example.label);
  }
  const at::Tensor vectors = context.victim.sentence_vectors(
      context.task.tokenize(context.victim, context.training_set), context.progress);
  context.progress.check();
  SpectralSignaturesConfig config = config_;
  config.epsilon = context.budget.poison_share.value_or(config.epsilon);
  SpectralOutliers outliers = spectral_outliers(vectors, labels, config);
  Suspicion suspicion{.flagged = std::move(outliers.flagged),
                      .scores = std::move(outliers.scores),
                      .backdoored = {},
                      .figures = {}};
  suspicion.figures["removed_samples"] = static_cast<double>(suspicion.flagged.size());
  return suspicion;
}

}  // namespace ncmlab

NCMLAB_PLUGIN(ncmlab::defense<ncmlab::SpectralSignatures>())
