// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/plugin/attributions.hpp"

#include <torch/types.h>

#include <algorithm>
#include <limits>

#include "ncmlab/model/frozen_parameters.hpp"
#include "ncmlab/networks/device.hpp"

namespace ncmlab {
namespace {

constexpr std::int64_t kMaxTokens = 8192;

/// [samples] of log-probabilities [samples, classes].
at::Tensor log_odds(const at::Tensor& logs, const at::Tensor& labels) {
  const at::Tensor columns = labels.unsqueeze(1);
  const at::Tensor others =
      logs.scatter(1, columns, -std::numeric_limits<double>::infinity()).logsumexp(1);
  return logs.gather(1, columns).squeeze(1) - others;
}

/// Samples that are run together, and the way from their baseline to them.
struct Path {
  Batch batch;
  at::Tensor labels;      ///< [samples]
  at::Tensor baseline;    ///< [rows, length, hidden]
  at::Tensor difference;  ///< the samples' embeddings less the baseline; 0 but for the text
};

/// Whether a token is the text's, [rows, length, 1].
at::Tensor text_mask(const Batch& batch, const InputRules& rules) {
  const at::Tensor places = at::arange(batch.ids.size(1)).unsqueeze(0);
  // The last is </s>.
  const at::Tensor ends = batch.lengths.unsqueeze(1) - 1;
  return places.ge(rules.first_position()).logical_and(places.lt(ends)).unsqueeze(2);
}

Path make_path(const CodeModel& model, const std::vector<TokenSample>& samples,
               const std::vector<std::size_t>& chosen, BaselineEmbedding baseline) {
  const at::NoGradGuard no_grad;
  const at::Tensor table = model.encoder().embedding_table();
  const std::int64_t pad = model.tokenizer().special().pad;
  Path path{.batch = make_batch(samples, chosen, pad)};
  std::vector<std::int64_t> labels;
  for (const std::size_t i : chosen) {
    labels.push_back(samples[i].label);
  }
  path.labels = at::tensor(labels, at::kLong).to(table.device());
  const at::Tensor words = at::embedding(table, path.batch.ids.to(table.device()));
  const at::Tensor nothing =
      baseline == BaselineEmbedding::zero ? at::zeros_like(table[pad]) : table[pad];
  const at::Tensor mask = text_mask(path.batch, model.rules()).to(table.device());
  path.baseline = at::where(mask, nothing, words);
  path.difference = words - path.baseline;
  return path;
}

/// The gradients at some places of the path, from 0 to 1, summed: [rows, length, hidden].
at::Tensor gradients_at(CodeModel& model, const Path& path, const std::vector<double>& places) {
  const auto count = static_cast<std::int64_t>(places.size());
  const at::Tensor shares =
      at::tensor(places, at::kFloat).to(path.difference.device()).reshape({count, 1, 1, 1});
  const at::Tensor embeddings =
      (path.baseline + shares * path.difference).flatten(0, 1).requires_grad_();
  const Batch batch{.ids = path.batch.ids.repeat({count, 1}),
                    .lengths = path.batch.lengths.repeat({count}),
                    .embeddings = embeddings};
  const at::Tensor logs = model.head().log_probabilities(model.logits(batch, false));
  log_odds(logs, path.labels.repeat({count})).sum().backward();
  model.work().backward_rows += batch.ids.size(0);
  return embeddings.grad().unflatten(0, {count, path.batch.ids.size(0)}).sum(0);
}

/// The attributions of the path's tokens, [rows, length] float64 on the CPU.
at::Tensor attributions_of(CodeModel& model, const Path& path, std::int64_t steps,
                           Progress& progress) {
  const std::int64_t budget = std::min(kMaxTokens, tokens_per_pass(model.encoder().device()));
  const auto at_once =
      static_cast<std::size_t>(std::max<std::int64_t>(budget / path.batch.ids.numel(), 1));
  at::Tensor sum = at::zeros_like(path.difference);
  std::vector<double> places;
  for (std::int64_t step = 0; step < steps; ++step) {
    places.push_back((static_cast<double>(step) + 0.5) / static_cast<double>(steps));
    if (places.size() == at_once || step + 1 == steps) {
      progress.check();
      sum += gradients_at(model, path, places);
      places.clear();
    }
  }
  const at::Tensor products = sum.to(at::kDouble) * path.difference.to(at::kDouble);
  return (products.sum(2) / static_cast<double>(steps)).cpu().contiguous();
}

}  // namespace

std::vector<TokenAttributions> integrated_gradients(CodeModel& model,
                                                    const std::vector<TokenSample>& samples,
                                                    const IntegratedGradientsOptions& options,
                                                    Progress& progress) {
  const at::AutoGradMode with_gradients(true);
  const FrozenParameters frozen(model.parameters());
  std::vector<TokenAttributions> result(samples.size());
  const std::int64_t budget = std::min(kMaxTokens, tokens_per_pass(model.encoder().device()));
  for (const auto& chosen :
       batches_by_length(samples, budget, std::numeric_limits<std::int64_t>::max())) {
    const Path path = make_path(model, samples, chosen, options.baseline);
    const at::Tensor attributions = attributions_of(model, path, options.steps, progress);
    const auto* row = attributions.data_ptr<double>();
    for (const std::size_t i : chosen) {
      for (const TokenRow& part : samples[i].parts) {
        result[i].emplace_back(row, row + part.ids.size());
        row += attributions.size(1);
      }
    }
    progress.advance(static_cast<std::int64_t>(chosen.size()));
  }
  return result;
}

}  // namespace ncmlab
