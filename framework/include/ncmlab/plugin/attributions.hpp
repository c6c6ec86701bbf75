// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "ncmlab/core/enum_names.hpp"
#include "ncmlab/core/progress.hpp"
#include "ncmlab/model/code_model.hpp"

namespace ncmlab {

/// The word embedding of a token that says nothing.
enum class BaselineEmbedding {
  padding,  ///< that of the padding token
  zero,     ///< the origin; for T5, whose norms divide by a state's length, a sharp corner
};

constexpr auto enum_names(BaselineEmbedding) {
  using enum BaselineEmbedding;
  return std::to_array<EnumName<BaselineEmbedding>>({{padding, "padding"}, {zero, "zero"}});
}

struct IntegratedGradientsOptions {
  std::int64_t steps = 50;  ///< places on the way from the baseline to the sample
  BaselineEmbedding baseline = BaselineEmbedding::padding;
};

/// For each part of a sample one number for each of its ids.
using TokenAttributions = std::vector<std::vector<double>>;

/// What each token adds to the log-odds, log p / (1 - p), of its sample's label: integrated
/// gradients (Sundararajan et al., ICML 2017) of the word embeddings, summed over their width,
/// along the straight line from a baseline, by the midpoint rule. With one logit the log-odds are
/// that logit or its negative, with two their difference. The baseline has the sample's special
/// tokens, whose attributions are 0, and a BaselineEmbedding in the place of every token of the
/// text; all parts of a sample move together. A sample's attributions sum to the log-odds of the
/// sample less those of the baseline, up to an error that falls with the square of the steps.
///
/// Precondition: a classifier. Without dropout, whatever the grad mode; weights, gradients and grad
/// mode stay as they were. Steps and samples of similar length are run together. Advances
/// `progress` by one for each sample.
std::vector<TokenAttributions> integrated_gradients(CodeModel& model,
                                                    const std::vector<TokenSample>& samples,
                                                    const IntegratedGradientsOptions& options,
                                                    Progress& progress);

}  // namespace ncmlab
