// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/inversion/candidate_scorer.hpp"

#include <torch/types.h>

#include <algorithm>
#include <limits>
#include <numeric>
#include <set>

#include "inversion/candidate_race.hpp"
#include "ncmlab/core/diagnostic.hpp"
#include "ncmlab/model/frozen_parameters.hpp"
#include "ncmlab/networks/device.hpp"

namespace ncmlab {
namespace {

/// Where the tokens of a trigger ended up in a padded batch.
struct TriggerTokens {
  std::vector<std::int64_t> places;   ///< row * length + column
  std::vector<std::int64_t> indices;  ///< which token of the trigger
};

/// Adds the tokens of a trigger in row `row`, of which those before `last` are left.
void add_tokens(const InversionSample& sample, std::size_t trigger_length, std::int64_t row,
                std::int64_t length, std::int64_t last, TriggerTokens& tokens) {
  std::int64_t shift = 0;
  for (const TokenSpan& place : sample.places) {
    for (std::size_t i = 0; i < trigger_length; ++i) {
      const std::int64_t column = static_cast<std::int64_t>(place.begin + i) + shift;
      if (column < last) {
        tokens.places.push_back(row * length + column);
        tokens.indices.push_back(static_cast<std::int64_t>(i));
      }
    }
    shift += static_cast<std::int64_t>(trigger_length) -
             static_cast<std::int64_t>(place.end - place.begin);
  }
}

}  // namespace

TokenSample with_trigger(const InversionSample& sample, const TriggerIds& trigger,
                         const InputRules& rules) {
  TokenSample result = sample.sample;
  TokenRow& row = result.parts[sample.part];
  const std::vector<std::int64_t> before = std::move(row.ids);
  row = {};
  std::size_t next = 0;
  for (const TokenSpan& place : sample.places) {
    row.ids.insert(row.ids.end(), before.begin() + static_cast<std::ptrdiff_t>(next),
                   before.begin() + static_cast<std::ptrdiff_t>(place.begin));
    row.ids.insert(row.ids.end(), trigger.begin(), trigger.end());
    next = place.end;
  }
  row.ids.insert(row.ids.end(), before.begin() + static_cast<std::ptrdiff_t>(next),
                 before.end() - 1);
  row.ids.resize(std::min(row.ids.size(), static_cast<std::size_t>(rules.limit(sample.part) - 1)));
  row.ids.push_back(before.back());
  return result;
}

CandidateScorer::CandidateScorer(CodeModel& model, std::vector<InversionSample> samples,
                                 std::int64_t target_label, Options options)
    : model_(model),
      samples_(std::move(samples)),
      target_label_(target_label),
      options_(options),
      difficulty_(samples_.size(), 0) {
  const std::int64_t first = model_.rules().first_position();
  for (const InversionSample& sample : samples_) {
    const std::int64_t last = std::ssize(sample.sample.parts.at(sample.part).ids) - 1;
    std::int64_t least = first;
    for (const TokenSpan& place : sample.places) {
      const auto begin = static_cast<std::int64_t>(place.begin),
                 end = static_cast<std::int64_t>(place.end);
      if (begin < least || end < begin || end > last) {
        throw Error("model.trigger-position",
                    "places of a trigger lie in a sample's text, from " + std::to_string(first) +
                        " to " + std::to_string(last) + ", in order, but one is from " +
                        std::to_string(begin) + " to " + std::to_string(end));
      }
      least = end;
    }
  }
}

std::vector<TokenSample> CandidateScorer::triggered(const TriggerIds& trigger) const {
  std::vector<TokenSample> result;
  result.reserve(samples_.size());
  for (const InversionSample& sample : samples_) {
    result.push_back(with_trigger(sample, trigger, model_.rules()));
  }
  return result;
}

double CandidateScorer::hits(const at::Tensor& logits) const {
  return model_.head().log_probabilities(logits).argmax(1).eq(target_label_).sum().item<double>();
}

at::Tensor CandidateScorer::losses_of(const at::Tensor& logits) const {
  const at::Tensor labels = at::full({logits.size(0)}, target_label_, at::kLong);
  return model_.head().losses(logits, labels);
}

SoftLoss CandidateScorer::soft_loss(const TriggerIds& trigger, const at::Tensor& embeddings,
                                    Progress& progress) {
  const FrozenParameters frozen(model_.parameters());
  const at::Tensor table = model_.encoder().embedding_table();
  const std::vector<TokenSample> rows = triggered(trigger);
  const auto parts = static_cast<std::size_t>(model_.head().shape().inputs);
  const at::Tensor trigger_rows = embeddings.detach().requires_grad_();
  SoftLoss result;
  for (const auto& chosen :
       batches_by_length(rows, std::min(options_.max_batch_tokens, tokens_per_pass(table.device())),
                         std::numeric_limits<std::int64_t>::max())) {
    progress.check();
    Batch batch = make_batch(rows, chosen, model_.tokenizer().special().pad);
    const std::int64_t length = batch.ids.size(1);
    TriggerTokens found;
    for (std::size_t i = 0; i < chosen.size(); ++i) {
      const InversionSample& sample = samples_[chosen[i]];
      add_tokens(sample, trigger.size(), static_cast<std::int64_t>(i * parts + sample.part), length,
                 std::ssize(rows[chosen[i]].parts[sample.part].ids) - 1, found);
    }
    const auto on_device = [&](const at::Tensor& indices) { return indices.to(table.device()); };
    const at::Tensor words =
        at::embedding(table, on_device(batch.ids)).reshape({-1, table.size(1)});
    const at::Tensor inserted = trigger_rows.index_select(0, on_device(at::tensor(found.indices)));
    batch.embeddings = words.index_copy(0, on_device(at::tensor(found.places)), inserted)
                           .reshape({batch.ids.size(0), length, table.size(1)});
    const at::Tensor logits = model_.logits(batch, false);
    const at::Tensor loss = losses_of(logits).sum() / static_cast<double>(samples_.size());
    loss.backward();
    result.loss += loss.item<double>();
    result.hit_rate += hits(logits.detach()) / static_cast<double>(samples_.size());
    model_.work().backward_rows += batch.ids.size(0);
  }
  result.gradient =
      trigger_rows.grad().defined() ? trigger_rows.grad() : at::zeros_like(trigger_rows);
  return result;
}

SoftLoss CandidateScorer::soft_loss(const at::Tensor& rows, Progress& progress) {
  // Any token of a text will do but padding, which an encoder may pass over when it counts.
  const InversionSample& any = samples_.front();
  const TriggerIds beneath(static_cast<std::size_t>(rows.size(0)),
                           any.sample.parts[any.part].ids.front());
  return soft_loss(beneath, rows, progress);
}

at::Tensor CandidateScorer::gradient(const TriggerIds& trigger,
                                     const std::vector<std::int64_t>& vocabulary) {
  const at::Tensor table = model_.encoder().embedding_table();
  const at::Tensor slope =
      soft_loss(trigger, table.index_select(0, at::tensor(trigger).to(table.device())),
                silent_progress())
          .gradient;
  const at::NoGradGuard no_grad;
  const at::Tensor rows_of_words = table.index_select(0, at::tensor(vocabulary).to(table.device()));
  return at::mm(slope, rows_of_words.t()).cpu();
}

std::vector<double> CandidateScorer::row_losses(const std::vector<TokenSample>& samples) {
  const at::NoGradGuard no_grad;
  const at::Tensor logits =
      model_.predict_logits(samples, silent_progress(), options_.max_batch_tokens);
  const at::Tensor losses = losses_of(logits).to(at::kDouble).contiguous();
  const auto* data = losses.data_ptr<double>();
  return {data, data + losses.numel()};
}

CandidateChoice CandidateScorer::choose(const std::vector<TriggerIds>& candidates,
                                        Progress& progress) {
  std::vector<std::size_t> distinct;
  std::set<TriggerIds> seen;
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    if (seen.insert(candidates[i]).second) {
      distinct.push_back(i);
    }
  }
  std::int64_t longest = 0;
  for (const InversionSample& sample : samples_) {
    longest = std::max(longest, std::ssize(sample.sample.parts[sample.part].ids));
  }
  // Larger batches would keep the race from dropping candidates early.
  const std::int64_t tokens =
      std::min(options_.max_batch_tokens, tokens_per_pass(model_.encoder().device()));
  const auto rows = static_cast<std::size_t>(std::max<std::int64_t>(tokens / longest, 1));
  CandidateRace race(distinct.size(), difficulty_);
  CandidateChoice choice;
  while (true) {
    const std::vector<CandidateRace::Entry> entries = race.next(rows);
    if (entries.empty()) {
      break;
    }
    progress.check();
    std::vector<TokenSample> batch;
    for (const auto& entry : entries) {
      batch.push_back(with_trigger(samples_[entry.sample], candidates[distinct[entry.candidate]],
                                   model_.rules()));
    }
    race.record(entries, row_losses(batch));
    choice.forward_rows += static_cast<std::int64_t>(entries.size());
  }
  difficulty_ = race.mean_losses();
  choice.index = distinct[race.winner()];
  choice.loss = race.winning_loss();
  return choice;
}

CandidateChoice CandidateScorer::choose_reference(const std::vector<TriggerIds>& candidates,
                                                  Progress& progress) {
  CandidateChoice choice{.loss = std::numeric_limits<double>::infinity()};
  const at::NoGradGuard no_grad;
  std::vector<std::size_t> all(samples_.size());
  std::iota(all.begin(), all.end(), std::size_t{0});
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    progress.check();
    const Batch batch = make_batch(triggered(candidates[i]), all, model_.tokenizer().special().pad);
    const double loss =
        losses_of(model_.logits(batch, false)).to(at::kDouble).mean().item<double>();
    choice.forward_rows += static_cast<std::int64_t>(samples_.size());
    if (loss < choice.loss) {
      choice.index = i;
      choice.loss = loss;
    }
  }
  return choice;
}

double CandidateScorer::loss(const TriggerIds& trigger) {
  const std::vector<double> losses = row_losses(triggered(trigger));
  return std::accumulate(losses.begin(), losses.end(), 0.0) / static_cast<double>(losses.size());
}

double CandidateScorer::hit_rate(const TriggerIds& trigger) {
  const at::Tensor predictions =
      model_.predict(triggered(trigger), silent_progress(), options_.max_batch_tokens).argmax(1);
  return (predictions == target_label_).to(at::kDouble).mean().item<double>();
}

}  // namespace ncmlab
