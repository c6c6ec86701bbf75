// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ncmlab/plugin/defense.hpp"
#include "ncmlab/train/options.hpp"
#include "ncmlab/train/trainer.hpp"

namespace ncmlab {

/// What a defense that takes part in a training is told of it. Ground truth is not here, nor a
/// victim: there is none yet.
struct DefendedTrainingContext {
  TaskView task;
  const std::vector<Example>& training_set;  ///< with the labels that are trained on
  std::vector<Example> clean_samples;        ///< empty unless asked for
  TrainingOptions options;                   ///< of the undefended victim
  Rng rng;
};

/// One stretch of a training.
struct TrainingPhase {
  std::string name;                  ///< for the log: `isolation`
  std::vector<std::size_t> samples;  ///< of the training set, ascending, at least one
  TrainingOptions options;
};

/// A training that a defense takes part in.
class DefendedTraining {
 public:
  /// The loss of each training sample towards its label, without dropout, under the weights as they
  /// are. [training set]
  using Losses = std::function<std::vector<double>()>;

  virtual ~DefendedTraining();
  /// The next phase, which goes on from the weights of the one before; nothing: the victim is
  /// trained. A training that is resumed asks again for the phases that are done.
  virtual std::optional<TrainingPhase> next(const Losses& losses) = 0;
  /// What is minimised in the place of Head::losses(), whose arguments these are; differentiable.
  /// Returns [samples]. `place` names the samples by their places in the training set.
  virtual at::Tensor losses(const Head& head, const at::Tensor& logits, const at::Tensor& labels,
                            const BatchPlace& place) const;
  /// For the record, by name, once no phase is left.
  virtual std::map<std::string, double> figures() const { return {}; }
};

/// Trains the victim in a way of its own, on the same data and from the same weights.
class TrainingDefense : public Defense {
 public:
  ~TrainingDefense() override;
  DefenseStage stage() const final { return DefenseStage::training; }
  DefenseNeeds needs() const override { return {.training_set = true}; }
  /// `context` outlives the training.
  virtual std::unique_ptr<DefendedTraining> begin(const DefendedTrainingContext& context) const = 0;
};

}  // namespace ncmlab
