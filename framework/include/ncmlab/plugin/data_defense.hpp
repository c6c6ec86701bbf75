// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "ncmlab/plugin/defense.hpp"

namespace ncmlab {

/// What a defense thinks of the samples of a training set.
struct Suspicion {
  std::vector<std::size_t> flagged;  ///< places in it, each once
  /// One for each sample, the higher the more suspicious, finite; empty: it gives none.
  std::vector<double> scores;
  std::optional<bool> backdoored;  ///< the verdict
  /// Further figures for the record, by name; unit in the name where it has one.
  std::map<std::string, double> figures;
};

/// Flags samples of the training set, of which the engine trains a victim without them. It is given
/// the victim that was trained on all of them, and leaves its weights as they are.
class DataDefense : public Defense {
 public:
  ~DataDefense() override;
  DefenseStage stage() const final { return DefenseStage::data; }
  DefenseNeeds needs() const override { return {.training_set = true}; }
  virtual Suspicion inspect(DefenseContext& context) const = 0;
};

}  // namespace ncmlab
