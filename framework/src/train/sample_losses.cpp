// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/train/sample_losses.hpp"

#include <torch/types.h>

#include <algorithm>

namespace ncmlab {
namespace {

constexpr std::int64_t kNeighbours = 32;

at::Tensor search_losses(CodeModel& model, const std::vector<TokenSample>& samples,
                         Progress& progress) {
  const HeadShape& head = model.head().shape();
  const at::Tensor vectors = model.sentence_vectors(samples, progress)
                                 .reshape({-1, head.inputs, head.hidden})
                                 .to(model.encoder().device());
  std::vector<at::Tensor> losses;
  for (std::int64_t first = 0; first < vectors.size(0); first += kNeighbours) {
    const at::Tensor group =
        vectors.slice(0, first, first + kNeighbours).reshape({-1, head.hidden});
    const at::Tensor logits = model.head().logits(group, false);
    losses.push_back(model.head().losses(logits, at::arange(logits.size(0))));
  }
  return at::cat(losses);
}

at::Tensor label_losses(CodeModel& model, const std::vector<TokenSample>& samples,
                        Progress& progress) {
  std::vector<std::int64_t> labels;
  for (const TokenSample& sample : samples) {
    labels.push_back(sample.label);
  }
  return model.head().losses(model.predict_logits(samples, progress), at::tensor(labels));
}

}  // namespace

std::vector<double> sample_losses(CodeModel& model, const std::vector<TokenSample>& samples,
                                  Progress& progress) {
  if (samples.empty()) {
    return {};
  }
  const at::NoGradGuard no_grad;
  const bool is_search = model.head().shape().kind == HeadKind::similarity;
  const at::Tensor losses =
      (is_search ? search_losses(model, samples, progress) : label_losses(model, samples, progress))
          .to(at::kDouble)
          .cpu()
          .contiguous();
  const auto* first = losses.data_ptr<double>();
  return {first, first + losses.numel()};
}

}  // namespace ncmlab
