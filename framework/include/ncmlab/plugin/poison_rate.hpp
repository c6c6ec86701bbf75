// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <utility>

#include "ncmlab/core/enum_names.hpp"
#include "ncmlab/plugin/schema.hpp"

namespace ncmlab {

/// What a poison rate is a share of.
enum class RateOf { victim_class, training_set };

constexpr auto enum_names(RateOf) {
  return std::to_array<EnumName<RateOf>>(
      {{RateOf::victim_class, "victim_class"}, {RateOf::training_set, "training_set"}});
}

/// How many samples an attack poisons: a share, and of what. In retrieval it is always a share of
/// the whole training set.
struct PoisonRate {
  PoisonRate(double share, RateOf of = RateOf::victim_class)  // NOLINT(*-explicit-*)
      : share(share), of(of) {}

  double share;
  RateOf of;
};

/// Adds the parameters `rate` and `rate_of` to the schema of an attack whose config struct has
/// members of these names, a number and a RateOf.
template <typename Config>
Schema<Config>&& poison_rate_fields(Schema<Config>&& schema) {
  return std::move(schema)
      .field("rate", &Config::rate,
             "Share of the victim class, not of the whole training set unless `rate_of` says so, "
             "that is poisoned for each of the attack's goals; in retrieval of the whole training "
             "set.",
             range(0.0, 1.0))
      .field("rate_of", &Config::rate_of,
             "What `rate` is a share of: the training samples (pairs) of the victim class, or all "
             "of them, as many other tools count.");
}

}  // namespace ncmlab
