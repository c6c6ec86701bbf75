// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "ncmlab/plugin/defense.hpp"

namespace ncmlab {

/// Stands before a victim and judges what it is asked.
///
/// The engine flags an input whose score exceeds a threshold, which it sets for
/// InputDefense::false_rejection_rate() on clean samples that the filter was not fitted to. What is
/// flagged is either rejected or given to the victim in the form that cleaned() makes of it. Inputs
/// come without labels, those with a trigger among the others.
class InputFilter {
 public:
  virtual ~InputFilter();
  /// Of each sample, the higher the more suspicious, finite. What one gets does not depend on the
  /// others.
  virtual std::vector<double> scores(const std::vector<Example>& samples, Progress& progress) = 0;
  /// The flagged `samples`, one for one, as the victim is to read them; by default nothing: they
  /// are rejected. Always nothing, or never.
  virtual std::optional<std::vector<Example>> cleaned(const std::vector<Example>& samples,
                                                      double threshold, Progress& progress);
};

/// Judges or cleans inputs while the victim, a classifier, is used. Leaves the victim as it is.
class InputDefense : public Defense {
 public:
  ~InputDefense() override;
  DefenseStage stage() const final { return DefenseStage::input; }
  DefenseNeeds needs() const override { return {.clean_samples = true}; }
  bool supports(TaskKind kind) const override { return kind != TaskKind::retrieval; }
  /// The share of clean inputs that it may flag, in [0, 1].
  virtual double false_rejection_rate() const = 0;
  /// A threshold of its own in the place of one for that rate, such as a paper's.
  virtual std::optional<double> threshold() const { return std::nullopt; }
  /// `context` outlives the filter, which may work with its victim.
  virtual std::unique_ptr<InputFilter> fit(DefenseContext& context) const = 0;
};

}  // namespace ncmlab
