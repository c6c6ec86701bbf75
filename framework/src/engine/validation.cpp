// SPDX-License-Identifier: Apache-2.0
#include "engine/validation.hpp"

#include <ATen/ATen.h>

#include "engine/workshop.hpp"
#include "ncmlab/core/diagnostic.hpp"
#include "ncmlab/metrics/classification.hpp"
#include "ncmlab/metrics/retrieval.hpp"

namespace ncmlab {
namespace {

using Figures = std::map<std::string, double>;

Figures judge_labels(CodeModel& model, const std::vector<TokenSample>& samples,
                     std::int64_t positive_label, Progress& progress) {
  const at::Tensor answers = model.predict(samples, progress).argmax(1).contiguous();
  const auto* first = answers.data_ptr<std::int64_t>();
  std::vector<std::int64_t> labels;
  for (const TokenSample& sample : samples) {
    labels.push_back(sample.label);
  }
  const ClassificationMetrics metrics =
      classification_metrics({first, first + answers.numel()}, labels, positive_label);
  return {{"accuracy", metrics.accuracy}, {"f1", metrics.f1}};
}

Figures judge_search(CodeModel& model, const std::vector<TokenSample>& samples,
                     Progress& progress) {
  const std::int64_t hidden = model.head().shape().hidden;
  const at::Tensor vectors =
      unit_vectors(model.sentence_vectors(samples, progress).reshape({-1, 2, hidden}));
  const at::Tensor code = vectors.select(1, 1);
  std::vector<double> ranks;
  for (std::int64_t query = 0; query < vectors.size(0); ++query) {
    progress.check();
    const at::Tensor scores = at::mv(code, vectors[query][0]).contiguous();
    const auto* first = scores.data_ptr<float>();
    std::vector<float> others(first, first + scores.numel());
    others.erase(others.begin() + query);
    ranks.push_back(rank_of(first[query], others));
  }
  const RetrievalMetrics metrics = retrieval_metrics(ranks, std::ssize(samples));
  return {{"accuracy", metrics.recall.at(1)}, {"mrr", metrics.mrr}};
}

}  // namespace

std::function<Figures(CodeModel&)> validation(Workshop& workshop, const Subject& subject,
                                              const TrainingOptions& options,
                                              const CodeModel& model, Progress& progress) {
  const bool is_search = model.head().shape().kind == HeadKind::similarity;
  const bool is_empty = workshop.materials().corpus(subject).valid.empty();
  if (options.early_stopping > 0 &&
      (is_empty ||
       options.stopping_metric == (is_search ? ValidationMetric::f1 : ValidationMetric::mrr))) {
    throw Error("engine.no-metric",
                is_empty ? "early stopping needs validation samples, but the task has none"
                         : "early stopping by `" + std::string(to_string(options.stopping_metric)) +
                               "` is asked for, but the task is judged by `accuracy` and `" +
                               (is_search ? "mrr" : "f1") + "`",
                {"set `early_stopping = 0`, or choose another `stopping_metric`"});
  }
  if (is_empty) {
    return {};
  }
  const auto& samples = workshop.materials().valid_tokens(subject, model, progress);
  const std::int64_t positive = workshop.task(subject).positive_label();
  return [&samples, &progress, is_search, positive](CodeModel& model) {
    // The steps that a person sees are those of training.
    QuietProgress quietly(progress);
    return is_search ? judge_search(model, samples, quietly)
                     : judge_labels(model, samples, positive, quietly);
  };
}

}  // namespace ncmlab
