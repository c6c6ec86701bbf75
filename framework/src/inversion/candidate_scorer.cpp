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
      difficulty_(samples_.size() * (options.reference == nullptr ? 1 : 2), 0) {
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

std::vector<CandidateScorer::Side> CandidateScorer::sides() const {
  std::vector<Side> all = {{.model = model_}};
  if (options_.reference != nullptr) {
    all.push_back({.model = *options_.reference, .is_reference = true});
  }
  return all;
}

at::Tensor CandidateScorer::losses_of(const Side& side, const at::Tensor& logits,
                                      const std::vector<std::int64_t>& labels) const {
  return side.model.head().losses(logits, at::tensor(labels));
}

SoftLoss CandidateScorer::soft_loss(const Side& side, const TriggerIds& trigger,
                                    const at::Tensor& embeddings, Progress& progress) {
  const FrozenParameters frozen(side.model.parameters());
  const at::Tensor table = side.model.encoder().embedding_table();
  const std::vector<TokenSample> rows = triggered(trigger);
  const auto parts = static_cast<std::size_t>(side.model.head().shape().inputs);
  const at::Tensor trigger_rows = embeddings.detach().requires_grad_();
  SoftLoss result;
  for (const auto& chosen :
       batches_by_length(rows, std::min(options_.max_batch_tokens, tokens_per_pass(table.device())),
                         std::numeric_limits<std::int64_t>::max())) {
    progress.check();
    Batch batch = make_batch(rows, chosen, model_.tokenizer().special().pad);
    const std::int64_t length = batch.ids.size(1);
    TriggerTokens found;
    std::vector<std::int64_t> labels;
    for (std::size_t i = 0; i < chosen.size(); ++i) {
      const InversionSample& sample = samples_[chosen[i]];
      labels.push_back(label(side, sample.sample));
      add_tokens(sample, trigger.size(), static_cast<std::int64_t>(i * parts + sample.part), length,
                 std::ssize(rows[chosen[i]].parts[sample.part].ids) - 1, found);
    }
    const auto on_device = [&](const at::Tensor& indices) { return indices.to(table.device()); };
    const at::Tensor words =
        at::embedding(table, on_device(batch.ids)).reshape({-1, table.size(1)});
    const at::Tensor inserted = trigger_rows.index_select(0, on_device(at::tensor(found.indices)));
    batch.embeddings = words.index_copy(0, on_device(at::tensor(found.places)), inserted)
                           .reshape({batch.ids.size(0), length, table.size(1)});
    const at::Tensor logits = side.model.logits(batch, false);
    const auto count = static_cast<double>(samples_.size());
    const at::Tensor loss = losses_of(side, logits, labels).sum() / count;
    loss.backward();
    result.loss += loss.item<double>();
    const at::Tensor answers = side.model.head().log_probabilities(logits.detach()).argmax(1);
    result.hit_rate += answers.eq(target_label_).sum().item<double>() / count;
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
  return soft_loss({.model = model_}, beneath, rows, progress);
}

std::vector<at::Tensor> CandidateScorer::gradient(
    const TriggerIds& trigger, const std::vector<std::vector<std::int64_t>>& tokens) {
  std::vector<at::Tensor> gradient;
  for (const Side& side : sides()) {
    const at::Tensor table = side.model.encoder().embedding_table();
    const auto rows_of = [&table](const std::vector<std::int64_t>& ids) {
      return table.index_select(0, at::tensor(ids).to(table.device()));
    };
    const at::Tensor slope = soft_loss(side, trigger, rows_of(trigger), silent_progress()).gradient;
    const at::NoGradGuard no_grad;
    at::Tensor rows;
    for (std::size_t i = 0; i < trigger.size(); ++i) {
      if (i == 0 || tokens[i] != tokens[i - 1]) {
        rows = rows_of(tokens[i]);
      }
      const at::Tensor own = at::mv(rows, slope[static_cast<std::int64_t>(i)]).cpu();
      if (side.is_reference) {
        gradient[i] += own;
      } else {
        gradient.push_back(own);
      }
    }
  }
  return gradient;
}

std::vector<double> CandidateScorer::row_losses(const Side& side,
                                                const std::vector<TokenSample>& samples) {
  if (samples.empty()) {
    return {};
  }
  const at::NoGradGuard no_grad;
  std::vector<std::int64_t> labels;
  for (const TokenSample& sample : samples) {
    labels.push_back(label(side, sample));
  }
  const at::Tensor logits =
      side.model.predict_logits(samples, silent_progress(), options_.max_batch_tokens);
  const at::Tensor losses = losses_of(side, logits, labels).to(at::kDouble).contiguous();
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
    std::vector<double> losses(entries.size());
    for (const Side& side : sides()) {
      std::vector<std::size_t> own;
      std::vector<TokenSample> batch;
      for (std::size_t i = 0; i < entries.size(); ++i) {
        if ((entries[i].sample >= samples_.size()) == side.is_reference) {
          own.push_back(i);
          batch.push_back(with_trigger(samples_[entries[i].sample % samples_.size()],
                                       candidates[distinct[entries[i].candidate]], model_.rules()));
        }
      }
      const std::vector<double> own_losses = row_losses(side, batch);
      for (std::size_t i = 0; i < own.size(); ++i) {
        losses[own[i]] = own_losses[i];
      }
    }
    race.record(entries, losses);
    choice.forward_rows += static_cast<std::int64_t>(entries.size());
  }
  difficulty_ = race.mean_losses();
  choice.index = distinct[race.winner()];
  choice.loss = race.winning_loss() * static_cast<double>(sides().size());
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
    const std::vector<TokenSample> rows = triggered(candidates[i]);
    const Batch batch = make_batch(rows, all, model_.tokenizer().special().pad);
    double loss = 0;
    for (const Side& side : sides()) {
      std::vector<std::int64_t> labels;
      for (const TokenSample& row : rows) {
        labels.push_back(label(side, row));
      }
      loss += losses_of(side, side.model.logits(batch, false), labels)
                  .to(at::kDouble)
                  .mean()
                  .item<double>();
      choice.forward_rows += static_cast<std::int64_t>(samples_.size());
    }
    if (loss < choice.loss) {
      choice.index = i;
      choice.loss = loss;
    }
  }
  return choice;
}

double CandidateScorer::loss(const TriggerIds& trigger) {
  const std::vector<TokenSample> rows = triggered(trigger);
  double sum = 0;
  for (const Side& side : sides()) {
    const std::vector<double> losses = row_losses(side, rows);
    sum += std::accumulate(losses.begin(), losses.end(), 0.0);
  }
  return sum / static_cast<double>(rows.size());
}

}  // namespace ncmlab
