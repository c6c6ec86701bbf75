// SPDX-License-Identifier: Apache-2.0
#include "adversarial_names.hpp"

#include <torch/types.h>

#include <map>
#include <set>
#include <string_view>
#include <utility>

#include "ncmlab/code/edit.hpp"
#include "ncmlab/model/frozen_parameters.hpp"

namespace ncmlab::afraidoor {
namespace {

constexpr std::int64_t kBatchTokens = 4096;

/// The rows of the embedding table that belong to the names of a pool, [names, hidden] each, on the
/// CPU: the tables are small and the choice is made there.
struct NameEmbeddings {
  at::Tensor bare, after_blank;
};

NameEmbeddings embeddings_of(const std::vector<WholeName>& pool, const at::Tensor& embeddings) {
  const at::Tensor table = embeddings.detach().cpu();
  std::vector<std::int64_t> bare, after_blank;
  for (const WholeName& name : pool) {
    bare.push_back(name.bare);
    after_blank.push_back(name.after_blank);
  }
  return {.bare = table.index_select(0, torch::tensor(bare)),
          .after_blank = table.index_select(0, torch::tensor(after_blank))};
}

/// The gradient of the summed losses with respect to the word embeddings, [rows, length, hidden] on
/// the CPU.
at::Tensor gradient(CodeModel& surrogate, Batch batch, const Target& target) {
  const at::Tensor table = surrogate.encoder().embedding_table();
  const at::Tensor words =
      torch::embedding(table, batch.ids.to(table.device())).detach().requires_grad_();
  batch.embeddings = words;
  target.losses(surrogate, batch).sum().backward();
  surrogate.work().backward_rows += batch.ids.size(0);
  return words.grad().cpu();
}

/// How the loss changes with each name at each identifier, to first order and but for a constant
/// per identifier: [identifiers, names]. `slopes` [parts, length, hidden] belongs to the sketch.
at::Tensor first_order_losses(const Sketch& sketch, const at::Tensor& slopes,
                              const NameEmbeddings& names) {
  const auto count = static_cast<std::int64_t>(sketch.identifiers.size());
  const std::int64_t hidden = slopes.size(2);
  const at::Tensor flat = slopes.reshape({-1, hidden});
  const auto scores_of = [&](bool after_blank, const at::Tensor& table) {
    std::vector<std::int64_t> rows, owners;
    for (const Site& site : sketch.sites) {
      if (site.after_blank == after_blank) {
        rows.push_back(static_cast<std::int64_t>(site.part) * slopes.size(1) +
                       static_cast<std::int64_t>(site.column));
        owners.push_back(static_cast<std::int64_t>(site.identifier));
      }
    }
    const at::Tensor sums = torch::zeros({count, hidden}, slopes.options());
    if (!rows.empty()) {
      sums.index_add_(0, torch::tensor(owners), flat.index_select(0, torch::tensor(rows)));
    }
    return torch::mm(sums, table.t());
  };
  std::vector<double> sites(sketch.identifiers.size(), 0);
  for (const Site& site : sketch.sites) {
    sites[site.identifier] += 1;
  }
  const at::Tensor share =
      torch::tensor(sites, torch::kFloat64).clamp_min(1).to(slopes.dtype()).unsqueeze(1);
  return (scores_of(false, names.bare) + scores_of(true, names.after_blank)) / share;
}

std::vector<std::string> choose(const Sketch& sketch, const at::Tensor& losses) {
  const std::set<std::string_view> words = distinct_words(sketch.code);
  const std::vector<WholeName>& pool = *sketch.pool;
  std::vector<bool> taken;
  for (const WholeName& name : pool) {
    taken.push_back(words.contains(name.text));
  }
  const at::Tensor table = losses.contiguous();
  const auto* loss = table.data_ptr<float>();
  std::vector<std::string> chosen;
  for (std::size_t i = 0; i < sketch.identifiers.size(); ++i, loss += pool.size()) {
    std::size_t best = pool.size();
    for (std::size_t j = 0; j < pool.size(); ++j) {
      if (!taken[j] && (best == pool.size() || loss[j] < loss[best])) {
        best = j;
      }
    }
    taken.at(best) = true;
    chosen.push_back(pool[best].text);
  }
  return chosen;
}

}  // namespace

std::vector<std::vector<std::string>> adversarial_names(CodeModel& surrogate,
                                                        const std::vector<Sketch>& sketches,
                                                        const Target& target, Progress& progress) {
  const FrozenParameters frozen(surrogate.parameters());
  const at::Tensor table = surrogate.encoder().embedding_table();
  std::map<const std::vector<WholeName>*, NameEmbeddings> embeddings;
  std::vector<TokenSample> samples;
  for (const Sketch& sketch : sketches) {
    samples.push_back(sketch.sample);
    if (!embeddings.contains(sketch.pool)) {
      embeddings.emplace(sketch.pool, embeddings_of(*sketch.pool, table));
    }
  }
  std::vector<std::vector<std::string>> names(sketches.size());
  for (const auto& chosen :
       batches_by_length(samples, kBatchTokens, static_cast<std::int64_t>(samples.size()))) {
    progress.check();
    progress.advance(static_cast<std::int64_t>(chosen.size()));
    const at::Tensor slopes = gradient(
        surrogate, make_batch(samples, chosen, surrogate.tokenizer().special().pad), target);
    const at::NoGradGuard no_grad;
    std::int64_t row = 0;
    for (const std::size_t i : chosen) {
      const auto parts = static_cast<std::int64_t>(samples[i].parts.size());
      names[i] =
          choose(sketches[i], first_order_losses(sketches[i], slopes.slice(0, row, row + parts),
                                                 embeddings.at(sketches[i].pool)));
      row += parts;
    }
  }
  return names;
}

}  // namespace ncmlab::afraidoor
