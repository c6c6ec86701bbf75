// SPDX-License-Identifier: Apache-2.0
#include "spectral_signatures.hpp"

#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "ncmlab/plugin/registration.hpp"

namespace ncmlab {

at::Tensor spectral_scores(const at::Tensor& vectors) {
  const at::Tensor centred =
      vectors.to(torch::kFloat64) - vectors.to(torch::kFloat64).mean(0, /*keepdim=*/true);
  // The eigenvectors of the covariance are the right-singular vectors. They stand in the columns,
  // and eigenvalues ascend: the last column, not a row, is the main direction.
  const at::Tensor eigenvectors = std::get<1>(torch::linalg_eigh(torch::mm(centred.t(), centred)));
  return torch::mv(centred, eigenvectors.select(1, -1)).square();
}

std::vector<std::size_t> spectral_outliers(const at::Tensor& vectors,
                                           const std::vector<std::int64_t>& labels,
                                           double epsilon) {
  std::map<std::int64_t, std::vector<std::int64_t>> classes;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    classes[labels[i]].push_back(static_cast<std::int64_t>(i));
  }
  std::vector<std::size_t> outliers;
  for (const auto& [label, members] : classes) {
    const at::Tensor scores =
        spectral_scores(vectors.index_select(0, torch::tensor(members, torch::kInt64)));
    const auto* score = scores.data_ptr<double>();
    std::vector<std::size_t> order(members.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [score](std::size_t a, std::size_t b) { return score[a] > score[b]; });
    const double share = std::min(1.5 * epsilon, 1.0);
    order.resize(
        static_cast<std::size_t>(std::llround(share * static_cast<double>(members.size()))));
    for (const std::size_t i : order) {
      outliers.push_back(static_cast<std::size_t>(members[i]));
    }
  }
  std::sort(outliers.begin(), outliers.end());
  return outliers;
}

Schema<SpectralSignaturesConfig> SpectralSignatures::schema() {
  return Schema<SpectralSignaturesConfig>{}.field(
      "epsilon", &SpectralSignaturesConfig::epsilon,
      "Share of each class that the defender assumes to be poisoned; 1.5 times as much is removed.",
      range(0.0, 0.5), budgeted(Allowance::poison_share));
}

DefenseOutcome SpectralSignatures::defend(DefenseContext& context) const {
  std::vector<std::int64_t> labels;
  for (const Example& example : context.training_set) {
    labels.push_back(example.label);
  }
  DefenseOutcome outcome;
  outcome.suspicious.emplace();
  if (!labels.empty()) {
    const at::Tensor vectors = context.victim.sentence_vectors(
        context.task.tokenize(context.victim, context.training_set), context.progress);
    context.progress.check();
    outcome.suspicious =
        spectral_outliers(vectors, labels, context.budget.poison_share.value_or(config_.epsilon));
  }
  outcome.figures["removed_samples"] = static_cast<double>(outcome.suspicious->size());
  return outcome;
}

}  // namespace ncmlab

NCMLAB_PLUGIN(ncmlab::defense<ncmlab::SpectralSignatures>())
