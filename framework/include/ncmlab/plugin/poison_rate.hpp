// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "ncmlab/plugin/schema.hpp"

namespace ncmlab {

/// How many samples an attack poisons: a share, and of what. In retrieval it is always a share of
/// the whole training set.
struct PoisonRate {
  static constexpr std::string_view kVictimClass = "victim_class", kTrainingSet = "training_set";

  /// `of` is one of the names above.
  PoisonRate(double share, std::string_view of = kVictimClass)  // NOLINT(*-explicit-*)
      : share(share), of_training_set(of == kTrainingSet) {}

  double share;
  bool of_training_set;  ///< otherwise of the samples of the victim class
};

/// Adds the parameters `rate` and `rate_of` to the schema of an attack whose config struct has
/// members of these names, a number and a string.
template <typename Config>
Schema<Config>&& poison_rate_fields(Schema<Config>&& schema) {
  return std::move(schema)
      .field("rate", &Config::rate,
             "Share of the victim class, not of the whole training set unless `rate_of` says so, "
             "that is poisoned for each of the attack's goals; in retrieval of the whole training "
             "set.",
             range(0.0, 1.0))
      .field(
          "rate_of", &Config::rate_of,
          "What `rate` is a share of: the training samples (pairs) of the victim class, or all "
          "of them, as many other tools count.",
          choices({std::string(PoisonRate::kVictimClass), std::string(PoisonRate::kTrainingSet)}));
}

}  // namespace ncmlab
