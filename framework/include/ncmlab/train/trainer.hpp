// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "ncmlab/core/progress.hpp"
#include "ncmlab/core/rng.hpp"
#include "ncmlab/model/code_model.hpp"
#include "ncmlab/train/options.hpp"

namespace ncmlab {

struct EpochRecord {
  double loss = 0;      ///< mean over the training samples
  double accuracy = 0;  ///< on them while they train: dropout is on and the weights move
  std::map<std::string, double> validation;  ///< what `evaluate` returned
};

/// Which samples a loss is computed of, and when.
struct BatchPlace {
  std::size_t epoch = 0;             ///< from 0
  std::int64_t step = 0;             ///< of the optimiser, from 0
  std::vector<std::size_t> samples;  ///< places in what is trained on
};

/// What a caller of train() adds to it.
struct TrainingHooks {
  /// What is minimised in the place of Head::losses(), whose arguments these are: returns
  /// [samples], differentiable.
  std::function<at::Tensor(const at::Tensor& logits, const at::Tensor& labels,
                           const BatchPlace& place)>
      losses = {};
  /// What is added to the losses: returns [samples], differentiable. A pass of its own, after the
  /// losses' own backward pass; of a similarity head before it. May change weights in place if they
  /// are back when it returns, but for a similarity head. Precondition: not `head_only`.
  std::function<at::Tensor(CodeModel& model, const Batch& batch, const at::Tensor& labels)>
      penalty = {};
  /// Called after each step of the optimiser; may change parameters in place.
  std::function<void()> stepped = {};
  /// Called after each epoch; figures of the model on other samples, by name.
  std::function<std::map<std::string, double>(CodeModel&)> evaluate = {};
  /// Called after each epoch with its record and its place, from 0.
  std::function<void(const EpochRecord&, std::size_t epoch)> report = {};
  /// Folder for the state after the last finished epoch; empty: none is kept. A training that
  /// finds its state there goes on from it, to the same result bit for bit. The folder must serve
  /// one training only, and is the caller's to remove.
  std::filesystem::path state_folder = {};
};

struct TrainingResult {
  std::vector<EpochRecord> epochs;
  std::size_t kept_epoch = 0;      ///< whose weights the model has; the last but for early stopping
  std::size_t resumed_epochs = 0;  ///< taken over from the state folder
  double resumed_seconds = 0;      ///< that those took
};

/// Trains the model's parameters in place. Precondition: at::GradMode is on. Batches are drawn
/// from `rng` and run in pieces of similar length. At the start of every epoch LibTorch's default
/// generators are seeded from `rng` (torch::manual_seed); dropout draws from them, and they are
/// left where the last epoch left them. The gradients of the parameters are dropped at the end.
/// Same seed, device and thread count, same result. With `precision` bf16 only
/// the training passes compute in it, not `evaluate`. `accumulation` batches make one
/// step whose gradient is that of all their samples together. With a similarity head every batch,
/// not every step, is one InfoNCE problem: its code are the negatives of its queries. Throws Error
/// `train.diverged` when the loss is not finite and `train.no-metric` when early stopping finds
/// nothing to go by.
TrainingResult train(CodeModel& model, const std::vector<TokenSample>& samples,
                     const TrainingOptions& options, const Rng& rng, Progress& progress,
                     const TrainingHooks& hooks = {});

}  // namespace ncmlab
