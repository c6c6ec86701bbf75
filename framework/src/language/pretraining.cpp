// SPDX-License-Identifier: Apache-2.0
#include "language/pretraining.hpp"

#include <torch/types.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numeric>
#include <optional>
#include <utility>

#include "ncmlab/core/diagnostic.hpp"
#include "ncmlab/core/number_text.hpp"
#include "ncmlab/networks/device.hpp"
#include "ncmlab/train/optimizer.hpp"
#include "train/training_state.hpp"
#include "weights/copy_over.hpp"

namespace ncmlab {
namespace {

/// Sums over the tokens that were to be guessed.
struct GuessSums {
  double loss = 0;
  std::int64_t right = 0, tokens = 0;

  void add(const GuessSums& more) {
    loss += more.loss;
    right += more.right;
    tokens += more.tokens;
  }
};

/// Rows of similar length, of at most `most` tokens each time, at least one row.
std::vector<std::vector<const MaskedRow*>> pieces_of(std::vector<const MaskedRow*> rows,
                                                     std::int64_t most) {
  std::ranges::stable_sort(rows, {}, [](const MaskedRow* row) { return row->ids.size(); });
  std::vector<std::vector<const MaskedRow*>> pieces;
  std::int64_t tokens = 0;
  for (const MaskedRow* row : rows) {
    tokens += std::ssize(row->ids);
    if (pieces.empty() || tokens > most) {
      pieces.emplace_back();
      tokens = std::ssize(row->ids);
    }
    pieces.back().push_back(row);
  }
  return pieces;
}

/// The guesses of a piece; in training with the backward pass of the losses' sum over `divisor`.
GuessSums guess(MaskedModel& model, const std::vector<const MaskedRow*>& rows,
                std::optional<double> divisor) {
  std::vector<const std::vector<std::int64_t>*> ids;
  std::size_t length = 0;
  for (const MaskedRow* row : rows) {
    ids.push_back(&row->ids);
    length = std::max(length, row->ids.size());
  }
  std::vector<std::int64_t> places, answers;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    for (const std::int64_t place : rows[i]->places) {
      places.push_back(static_cast<std::int64_t>(i * length) + place);
    }
    answers.insert(answers.end(), rows[i]->answers.begin(), rows[i]->answers.end());
  }
  if (places.empty()) {
    return {};
  }
  const at::Tensor logits = model.logits(make_batch(ids, model.tokenizer().special().pad),
                                         at::tensor(places), divisor.has_value());
  const at::Tensor targets = at::tensor(answers).to(logits.device());
  const at::Tensor loss = at::cross_entropy_loss(logits, targets, {}, at::Reduction::Sum);
  if (divisor) {
    (loss / *divisor).backward();
  }
  return {.loss = loss.item<double>(),
          .right = logits.detach().argmax(1).eq(targets).sum().item<std::int64_t>(),
          .tokens = std::ssize(places)};
}

std::vector<const MaskedRow*> pointers(const std::vector<MaskedRow>& rows) {
  std::vector<const MaskedRow*> result;
  for (const MaskedRow& row : rows) {
    result.push_back(&row);
  }
  return result;
}

std::int64_t tokens_to_guess(const std::vector<MaskedRow>& rows) {
  std::int64_t tokens = 0;
  for (const MaskedRow& row : rows) {
    tokens += std::ssize(row.places);
  }
  return tokens;
}

class Pretraining {
 public:
  Pretraining(MaskedModel& model, const std::vector<std::vector<std::int64_t>>& rows,
              const std::vector<std::vector<std::int64_t>>& held_out,
              const TrainingOptions& options, const MaskingRule& rule, const Rng& rng,
              Progress& progress, const PretrainingHooks& hooks)
      : model_(model),
        rows_(rows),
        options_(options),
        rule_(rule),
        rng_(rng),
        progress_(progress),
        hooks_(hooks),
        per_step_(std::max<std::int64_t>(options.batch_size, 1)),
        steps_per_epoch_(std::max<std::int64_t>((std::ssize(rows) + per_step_ - 1) / per_step_, 1)),
        parameters_(model.parameters()),
        optimizer_(parameters_, options,
                   static_cast<std::int64_t>(options.warmup * static_cast<double>(total_steps())),
                   total_steps()),
        start_(std::chrono::steady_clock::now()) {
    for (std::size_t i = 0; i < held_out.size(); ++i) {
      held_out_.push_back(
          masked_row(held_out[i], model.tokenizer(), rule, rng.stream("held-out masks", i)));
    }
  }

  TrainingResult run() {
    resume();
    progress_.begin("pretraining", steps_per_epoch_ * (options_.epochs - finished()));
    while (finished() < options_.epochs) {
      finish_epoch(run_epoch(result_.epochs.size()));
    }
    optimizer_.zero_grad();
    result_.kept_epoch = result_.epochs.empty() ? 0 : result_.epochs.size() - 1;
    return std::move(result_);
  }

 private:
  std::int64_t total_steps() const { return steps_per_epoch_ * options_.epochs; }
  std::int64_t finished() const { return std::ssize(result_.epochs); }

  EpochRecord run_epoch(std::size_t epoch) {
    std::vector<std::size_t> order(rows_.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    rng_.stream("order", epoch).shuffle(order);
    torch::manual_seed(rng_.stream("dropout", epoch).seed());
    const Rng masks = rng_.stream("masks", epoch);
    const std::string place =
        "epoch " + std::to_string(epoch + 1) + "/" + std::to_string(options_.epochs);
    GuessSums total;
    for (std::size_t begin = 0; begin < order.size();
         begin += static_cast<std::size_t>(per_step_)) {
      const std::size_t end = std::min(order.size(), begin + static_cast<std::size_t>(per_step_));
      std::vector<MaskedRow> rows;
      for (std::size_t i = begin; i < end; ++i) {
        rows.push_back(
            masked_row(rows_[order[i]], model_.tokenizer(), rule_, masks.stream("row", order[i])));
      }
      total.add(run_step(rows, place));
    }
    const auto tokens = static_cast<double>(std::max<std::int64_t>(total.tokens, 1));
    return {.loss = total.loss / tokens,
            .accuracy = static_cast<double>(total.right) / tokens,
            .validation = {}};
  }

  GuessSums run_step(const std::vector<MaskedRow>& rows, const std::string& place) {
    optimizer_.zero_grad();
    const auto tokens = static_cast<double>(std::max<std::int64_t>(tokens_to_guess(rows), 1));
    GuessSums sums;
    for (const auto& piece :
         pieces_of(pointers(rows), tokens_per_pass(model_.encoder().device()))) {
      progress_.check();
      sums.add(guess(model_, piece, tokens));
    }
    const double norm = optimizer_.step();
    if (!std::isfinite(sums.loss) || !std::isfinite(norm)) {
      throw Error("train.diverged", "the loss or its gradient is not finite in " + place,
                  {"lower `learning_rate`"});
    }
    progress_.advance(1, place + ", loss " + fixed_decimals(sums.loss / tokens, 4));
    return sums;
  }

  void finish_epoch(EpochRecord record) {
    if (!held_out_.empty()) {
      const MaskedScores scores = masked_scores(model_, held_out_, progress_);
      record.validation = {{"loss", scores.loss},
                           {"perplexity", std::exp(scores.loss)},
                           {"accuracy", scores.accuracy}};
    }
    result_.epochs.push_back(std::move(record));
    if (hooks_.report) {
      hooks_.report(result_.epochs.back(), result_.epochs.size() - 1);
    }
    if (!hooks_.state_folder.empty() && finished() < options_.epochs) {
      save();
    }
  }

  void save() const {
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start_;
    save_training_state(hooks_.state_folder, {.epochs = result_.epochs,
                                              .steps = optimizer_.steps(),
                                              .work = {},
                                              .seconds = result_.resumed_seconds + elapsed.count(),
                                              .parameters = parameters_,
                                              .optimizer = optimizer_.state(),
                                              .best_epoch = {},
                                              .best_parameters = {}});
  }

  void resume() {
    if (hooks_.state_folder.empty()) {
      return;
    }
    const std::optional<TrainingState> state = load_training_state(hooks_.state_folder);
    if (!state) {
      return;
    }
    copy_over(parameters_, state->parameters);
    optimizer_.restore(state->optimizer, state->steps);
    result_.epochs = state->epochs;
    result_.resumed_epochs = state->epochs.size();
    result_.resumed_seconds = state->seconds;
    progress_.log("pretraining goes on after epoch " + std::to_string(finished()) + "/" +
                  std::to_string(options_.epochs));
  }

  MaskedModel& model_;
  const std::vector<std::vector<std::int64_t>>& rows_;
  const TrainingOptions& options_;
  const MaskingRule& rule_;
  const Rng& rng_;
  Progress& progress_;
  const PretrainingHooks& hooks_;
  const std::int64_t per_step_, steps_per_epoch_;
  std::vector<MaskedRow> held_out_;
  StateDict parameters_;
  Optimizer optimizer_;
  std::chrono::steady_clock::time_point start_;
  TrainingResult result_;
};

}  // namespace

MaskedRow masked_row(const std::vector<std::int64_t>& ids, const Tokenizer& tokenizer,
                     const MaskingRule& rule, Rng rng) {
  MaskedRow row{.ids = ids, .places = {}, .answers = {}};
  for (std::size_t place = 0; place < ids.size(); ++place) {
    if (tokenizer.is_special(ids[place]) || !rng.chance(rule.chosen)) {
      continue;
    }
    row.places.push_back(static_cast<std::int64_t>(place));
    row.answers.push_back(ids[place]);
    const double fate = rng.uniform();
    if (fate < rule.masked) {
      row.ids[place] = tokenizer.special().mask;
    } else if (fate < rule.masked + rule.random) {
      do {
        row.ids[place] = rng.between(0, tokenizer.vocab_size() - 1);
      } while (tokenizer.is_special(row.ids[place]) || tokenizer.token(row.ids[place]).empty());
    }
  }
  return row;
}

MaskedScores masked_scores(MaskedModel& model, const std::vector<MaskedRow>& rows,
                           Progress& progress) {
  const at::NoGradGuard no_grad;
  GuessSums sums;
  for (const auto& piece : pieces_of(pointers(rows), tokens_per_pass(model.encoder().device()))) {
    progress.check();
    sums.add(guess(model, piece, std::nullopt));
  }
  const auto tokens = static_cast<double>(std::max<std::int64_t>(sums.tokens, 1));
  return {.loss = sums.loss / tokens,
          .accuracy = static_cast<double>(sums.right) / tokens,
          .tokens = sums.tokens};
}

TrainingResult pretrain(MaskedModel& model, const std::vector<std::vector<std::int64_t>>& rows,
                        const std::vector<std::vector<std::int64_t>>& held_out,
                        const TrainingOptions& options, const MaskingRule& rule, const Rng& rng,
                        Progress& progress, const PretrainingHooks& hooks) {
  return Pretraining(model, rows, held_out, options, rule, rng, progress, hooks).run();
}

}  // namespace ncmlab
