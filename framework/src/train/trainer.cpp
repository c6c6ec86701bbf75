// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/train/trainer.hpp"

#include <torch/types.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numeric>
#include <utility>

#include "ncmlab/core/diagnostic.hpp"
#include "ncmlab/core/number_text.hpp"
#include "ncmlab/train/optimizer.hpp"
#include "train/batch_loss.hpp"
#include "train/training_state.hpp"
#include "weights/copy_over.hpp"

namespace ncmlab {
namespace {

void check_labels(const CodeModel& model, const std::vector<TokenSample>& samples) {
  if (model.head().shape().kind == HeadKind::similarity) {
    return;
  }
  for (const TokenSample& sample : samples) {
    if (sample.label < 0 || sample.label >= model.classes()) {
      throw Error("train.bad-label", "a sample has the label " + std::to_string(sample.label) +
                                         ", but the model knows 0 to " +
                                         std::to_string(model.classes() - 1));
    }
  }
}

std::int64_t ceil_div(std::int64_t number, std::int64_t by) { return (number + by - 1) / by; }

/// Lets an encoder compute in another precision for a while.
class PrecisionScope {
 public:
  PrecisionScope(Encoder& encoder, Precision precision)
      : encoder_(encoder), before_(encoder.precision()) {
    encoder.set_precision(precision);
  }
  ~PrecisionScope() { encoder_.set_precision(before_); }
  PrecisionScope(const PrecisionScope&) = delete;
  PrecisionScope& operator=(const PrecisionScope&) = delete;

 private:
  Encoder& encoder_;
  Precision before_;
};

class Training {
 public:
  Training(CodeModel& model, const std::vector<TokenSample>& samples,
           const TrainingOptions& options, const Rng& rng, Progress& progress,
           const TrainingHooks& hooks)
      : model_(model),
        options_(options),
        rng_(rng),
        progress_(progress),
        hooks_(hooks),
        count_(static_cast<std::int64_t>(samples.size())),
        batch_(std::max<std::int64_t>(options.batch_size, 1)),
        accumulation_(std::max<std::int64_t>(options.accumulation, 1)),
        steps_per_epoch_(std::max<std::int64_t>(ceil_div(count_, batch_ * accumulation_), 1)),
        epochs_(options.steps > 0 ? ceil_div(options.steps, steps_per_epoch_) : options.epochs),
        parameters_(options.head_only ? model.head().parameters() : model.parameters()),
        optimizer_(parameters_, options,
                   static_cast<std::int64_t>(options.warmup * static_cast<double>(total_steps())),
                   total_steps()),
        batch_loss_(make_batch_loss(model, samples, options.head_only, hooks, progress)),
        work_before_(model.work()),
        start_(std::chrono::steady_clock::now()) {}

  TrainingResult run() {
    resume();
    const std::int64_t batches = ceil_div(count_, batch_);
    progress_.begin("training", batches * (epochs_ - std::ssize(result_.epochs)));
    while (std::ssize(result_.epochs) < epochs_ && !is_stopped()) {
      finish_epoch(run_epoch(result_.epochs.size()));
    }
    optimizer_.zero_grad();
    result_.kept_epoch = best_.value_or(result_.epochs.empty() ? 0 : result_.epochs.size() - 1);
    if (!best_parameters_.empty()) {
      copy_over(parameters_, best_parameters_);
    }
    return std::move(result_);
  }

 private:
  std::int64_t total_steps() const {
    return options_.steps > 0 ? options_.steps : steps_per_epoch_ * epochs_;
  }

  EpochRecord run_epoch(std::size_t epoch) {
    const PrecisionScope scope(model_.encoder(), options_.precision == Precision::bf16
                                                     ? Precision::bf16
                                                     : model_.encoder().precision());
    Indices order(static_cast<std::size_t>(count_));
    std::iota(order.begin(), order.end(), std::size_t{0});
    rng_.stream("order", epoch).shuffle(order);
    torch::manual_seed(rng_.stream("dropout", epoch).seed());
    const std::string place = "epoch " + std::to_string(epoch + 1) + "/" + std::to_string(epochs_);
    BatchSums total;
    std::int64_t seen = 0;
    while (seen < count_ && optimizer_.steps() < total_steps()) {
      const std::int64_t end = std::min(count_, seen + batch_ * accumulation_);
      const BatchSums sums = run_step(order, seen, end, epoch, place);
      total.loss += sums.loss;
      total.right += sums.right;
      seen = end;
    }
    const auto samples = static_cast<double>(std::max<std::int64_t>(seen, 1));
    return {.loss = total.loss / samples,
            .accuracy = static_cast<double>(total.right) / samples,
            .validation = {}};
  }

  /// One step of the optimiser on the samples order[begin, end), batch by batch.
  BatchSums run_step(const Indices& order, std::int64_t begin, std::int64_t end, std::size_t epoch,
                     const std::string& place) {
    optimizer_.zero_grad();
    BatchSums total;
    for (std::int64_t from = begin; from < end; from += batch_) {
      progress_.check();
      const std::int64_t to = std::min(end, from + batch_);
      const BatchSums sums = batch_loss_(
          Indices(order.begin() + from, order.begin() + to), static_cast<double>(end - begin),
          {.epoch = epoch, .step = optimizer_.steps(), .samples = {}});
      total.loss += sums.loss;
      total.right += sums.right;
      const double loss = sums.loss / static_cast<double>(to - from);
      progress_.advance(1, place + ", loss " + fixed_decimals(loss, 4));
    }
    const double norm = optimizer_.step();
    if (!std::isfinite(total.loss) || !std::isfinite(norm)) {
      throw Error("train.diverged", "the loss or its gradient is not finite in " + place,
                  {"lower `learning_rate`"});
    }
    if (hooks_.stepped) {
      hooks_.stepped();
    }
    return total;
  }

  void finish_epoch(EpochRecord record) {
    if (hooks_.evaluate) {
      record.validation = hooks_.evaluate(model_);
    }
    result_.epochs.push_back(std::move(record));
    if (options_.early_stopping > 0) {
      note_best();
    }
    if (hooks_.report) {
      hooks_.report(result_.epochs.back(), result_.epochs.size() - 1);
    }
    const bool is_last = std::ssize(result_.epochs) >= epochs_ || is_stopped();
    if (!hooks_.state_folder.empty() && !is_last) {
      save();
    }
    // What the epoch to come may make worse.
    if (best_ && *best_ + 1 == result_.epochs.size() && !is_last) {
      best_parameters_ = parameters_.clone();
    }
  }

  double stopping_metric(std::size_t epoch) const {
    const auto& figures = result_.epochs[epoch].validation;
    const std::string name(to_string(options_.stopping_metric));
    const auto found = figures.find(name);
    if (found == figures.end()) {
      throw Error("train.no-metric",
                  "early stopping goes by the validation metric `" + name + "`, which there is not",
                  {"set `early_stopping = 0`, or give the task a validation split"});
    }
    return found->second;
  }

  void note_best() {
    const std::size_t last = result_.epochs.size() - 1;
    const double metric = stopping_metric(last);
    if (!best_ || metric > stopping_metric(*best_)) {
      best_ = last;
      best_parameters_ = {};
    }
  }

  bool is_stopped() const {
    return best_ && std::ssize(result_.epochs) - 1 - static_cast<std::int64_t>(*best_) >=
                        options_.early_stopping;
  }

  void save() const {
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start_;
    const WorkCounter& work = model_.work();
    save_training_state(hooks_.state_folder,
                        {.epochs = result_.epochs,
                         .steps = optimizer_.steps(),
                         .work = {.forward_rows = work.forward_rows - work_before_.forward_rows,
                                  .backward_rows = work.backward_rows - work_before_.backward_rows},
                         .seconds = result_.resumed_seconds + elapsed.count(),
                         .parameters = parameters_,
                         .optimizer = optimizer_.state(),
                         .best_epoch = best_,
                         .best_parameters = best_parameters_});
  }

  void resume() {
    if (hooks_.state_folder.empty()) {
      return;
    }
    std::optional<TrainingState> state;
    try {
      state = load_training_state(hooks_.state_folder);
    } catch (const Error& error) {
      progress_.log("warning: training starts anew, its state is damaged: " +
                    error.diagnostics().front().message);
      std::error_code ignored;
      std::filesystem::remove_all(hooks_.state_folder, ignored);
    }
    if (!state) {
      return;
    }
    copy_over(parameters_, state->parameters);
    optimizer_.restore(state->optimizer, state->steps);
    model_.work().forward_rows += state->work.forward_rows;
    model_.work().backward_rows += state->work.backward_rows;
    best_ = state->best_epoch;
    best_parameters_ = best_ && state->best_parameters.empty() ? parameters_.clone()
                                                               : std::move(state->best_parameters);
    result_.epochs = std::move(state->epochs);
    result_.resumed_epochs = result_.epochs.size();
    result_.resumed_seconds = state->seconds;
    progress_.log("training goes on after epoch " + std::to_string(result_.resumed_epochs) + "/" +
                  std::to_string(epochs_));
  }

  CodeModel& model_;
  const TrainingOptions& options_;
  const Rng& rng_;
  Progress& progress_;
  const TrainingHooks& hooks_;
  const std::int64_t count_, batch_, accumulation_, steps_per_epoch_, epochs_;
  StateDict parameters_;
  Optimizer optimizer_;
  BatchLoss batch_loss_;
  WorkCounter work_before_;
  std::chrono::steady_clock::time_point start_;
  TrainingResult result_;
  std::optional<std::size_t> best_;  ///< of early stopping
  StateDict best_parameters_;        ///< empty while the best epoch is the last
};

}  // namespace

TrainingResult train(CodeModel& model, const std::vector<TokenSample>& samples,
                     const TrainingOptions& options, const Rng& rng, Progress& progress,
                     const TrainingHooks& hooks) {
  check_labels(model, samples);
  if (options.head_only && model.head().parameters().empty()) {
    throw Error("train.no-head", "the model's head has no parameters that could be trained alone",
                {"train all parameters"});
  }
  return Training(model, samples, options, rng, progress, hooks).run();
}

}  // namespace ncmlab
